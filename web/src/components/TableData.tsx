// Data into a table and out of it: both are jobs with progress that can be left or stopped.
import { Button, Checkbox, FileButton, NativeSelect, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { content, finish, save, upload, type Job } from "../api";
import type { Table } from "../types";
import { bytes, ErrorNote, ProgressLine } from "./bits";
import { usePlace } from "./context";

const DELIMITERS = [{ value: ",", label: "comma ," }, { value: ";", label: "semicolon ;" }, { value: "\t", label: "tab" }, { value: "|", label: "pipe |" }];
const ENCLOSURES = [{ value: '"', label: 'double quote "' }, { value: "'", label: "single quote '" }, { value: "", label: "none" }];

/** Without a table: makes one from the file. */
export function UploadTable({ bucketId, table }: { bucketId: string; table?: Table }) {
  const { client } = usePlace();
  const queries = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const [over, setOver] = useState(false);
  const [name, setName] = useState("");
  const [delimiter, setDelimiter] = useState(",");
  const [enclosure, setEnclosure] = useState('"');
  const [incremental, setIncremental] = useState(false);
  const [withoutHeaders, setWithoutHeaders] = useState(false);
  const [key, setKey] = useState("");
  const [step, setStep] = useState<{ label: string; share: number | null } | null>(null);
  const [done, setDone] = useState("");
  const [error, setError] = useState<unknown>(null);
  const stop = useRef<AbortController | null>(null);

  function choose(next: File | null) {
    setFile(next);
    setDone("");
    setError(null);
    if (next && !table) setName(next.name.replace(/\.(csv|tsv|txt)?(\.gz)?$/i, "").replace(/[^A-Za-z0-9_-]+/g, "_").replace(/^_+|_+$/g, ""));
  }
  async function go(event: React.FormEvent) {
    event.preventDefault();
    if (!file) return;
    const control = new AbortController();
    stop.current = control;
    setError(null);
    setDone("");
    try {
      const dataFileId = await upload(client, file, ["page-upload"], (share) => setStep({ label: `Uploading ${file.name}`, share }), control.signal);
      setStep({ label: "Loading into the table", share: null });
      const options = { dataFileId, delimiter, enclosure };
      const job = table
        ? await client.call<Job>(`tables/${table.id}/import-async`, { body: { ...options, incremental, withoutHeaders }, signal: control.signal })
        : await client.call<Job>(`buckets/${bucketId}/tables-async`, { body: { ...options, name, primaryKey: key.trim() || undefined }, signal: control.signal });
      await finish(client, job, control.signal);
      setDone(table ? "The data is in the table." : `Table ${name} was created.`);
      setFile(null);
      await queries.invalidateQueries({ queryKey: [client.key] });
    } catch (caught) {
      setError(caught);
    } finally {
      setStep(null);
    }
  }
  return (
    <form className="stack" onSubmit={go}>
      <div className={over ? "drop over" : "drop"} data-testid="drop"
        onDragOver={(e) => { e.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)}
        onDrop={(e) => { e.preventDefault(); setOver(false); choose(e.dataTransfer.files[0] ?? null); }}>
        <div className="row" style={{ justifyContent: "center" }}>
          <FileButton onChange={choose} inputProps={{ "aria-label": "CSV file" }}>{(props) => <Button variant="default" {...props}>Choose a CSV file</Button>}</FileButton>
          <span className="dim">{file ? `${file.name}, ${bytes(file.size)}` : table ? "or drop it here to load it into this table" : "or drop it here to make a new table"}</span>
        </div>
      </div>
      {file && !step && (
        <>
          <div className="row top-aligned">
            {!table && <TextInput label="Table name" required value={name} onChange={(e) => setName(e.currentTarget.value)} />}
            {!table && <TextInput label="Primary key" description="Columns, with commas; may stay empty" value={key} onChange={(e) => setKey(e.currentTarget.value)} />}
            <NativeSelect label="Delimiter" value={delimiter} onChange={(e) => setDelimiter(e.currentTarget.value)} data={DELIMITERS} />
            <NativeSelect label="Enclosure" value={enclosure} onChange={(e) => setEnclosure(e.currentTarget.value)} data={ENCLOSURES} />
          </div>
          {table && <Checkbox label="Add to what is there" description={table.primaryKey.length ? "Rows with a known key are replaced" : "Otherwise everything that is there goes first"} checked={incremental} onChange={(e) => setIncremental(e.currentTarget.checked)} />}
          {table && <Checkbox label="The file has no header line" checked={withoutHeaders} onChange={(e) => setWithoutHeaders(e.currentTarget.checked)} />}
          <div className="row end"><Button variant="default" onClick={() => choose(null)}>Cancel</Button><Button type="submit">{table ? "Load" : "Create table"}</Button></div>
        </>
      )}
      {step && <ProgressLine label={step.label} share={step.share} stop={() => stop.current?.abort()} />}
      {step && step.share === null && <p className="dim small">You may leave this page: the job goes on, see Jobs.</p>}
      {done && <div className="notice good" role="status">{done}</div>}
      <ErrorNote error={error} />
    </form>
  );
}

export function DownloadTable({ table }: { table: Table }) {
  const { client } = usePlace();
  const [step, setStep] = useState<{ label: string; share: number | null } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const stop = useRef<AbortController | null>(null);
  async function go() {
    const control = new AbortController();
    stop.current = control;
    setError(null);
    setStep({ label: "Exporting the table", share: null });
    try {
      const job = await finish(client, await client.call<Job>(`tables/${table.id}/export-async`, { body: {}, signal: control.signal }), control.signal);
      const file = job.results?.file as { id: number };
      const header = (table.columns ?? []).map((c) => `"${c.replaceAll('"', '""')}"`).join(",") + "\n";
      const data = await content(client, file.id, header, (share) => setStep({ label: "Downloading", share }), control.signal);
      save(data, `${table.id}.csv`);
    } catch (caught) {
      setError(caught);
    } finally {
      setStep(null);
    }
  }
  return (
    <div className="stack">
      {!step && <div className="row"><Button variant="default" onClick={go}>Download CSV</Button></div>}
      {step && <ProgressLine label={step.label} share={step.share} stop={() => stop.current?.abort()} />}
      <ErrorNote error={error} />
    </div>
  );
}
