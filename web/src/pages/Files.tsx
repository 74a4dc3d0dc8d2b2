// Files of the project, or those that the token may see.
import { Button, FileButton, TagsInput, TextInput } from "@mantine/core";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { content, save, upload } from "../api";
import { Badge, bytes, ConfirmButton, Empty, ErrorNote, Loading, ProgressLine, When } from "../components/bits";
import { usePlace } from "../components/context";
import type { StoredFile, Token } from "../types";

const PAGE = 100;

function readOnly(me: Token) {
  return me.admin?.role === "readOnly";
}

export default function Files() {
  const { client, me } = usePlace();
  const [typed, setTyped] = useState("");
  const [tags, setTags] = useState<string[]>([]);
  const [q, setQ] = useState("");
  const files = useInfiniteQuery({
    queryKey: [client.key, "files", q, tags],
    initialPageParam: 0,
    queryFn: ({ pageParam, signal }) => client.call<StoredFile[]>("files", { query: { limit: PAGE, offset: pageParam, q, tags }, signal }),
    getNextPageParam: (last, pages) => (last.length === PAGE ? pages.length * PAGE : undefined),
  });
  const list = files.data?.pages.flat() ?? [];
  return (
    <>
      <div className="head"><h1>Files</h1></div>
      <div className="card stack">
        {!readOnly(me) && <UploadFile />}
        <form className="row top-aligned" role="search" onSubmit={(e) => { e.preventDefault(); setQ(typed.trim()); }}>
          <TextInput className="spread" label="Search" placeholder="Name, or id:123" value={typed} onChange={(e) => setTyped(e.currentTarget.value)} />
          <TagsInput label="With any of these tags" value={tags} onChange={setTags} clearable clearButtonProps={{ "aria-label": "Clear tags" }} />
          <Button type="submit">Search</Button>
        </form>
        <ErrorNote error={files.error} />
        {files.isPending && <Loading />}
        {files.isSuccess && list.length === 0 && <Empty title="No files">{q || tags.length ? "Nothing matches." : "Upload one above; it stays 15 days."}</Empty>}
        {list.length > 0 && (
          <div className="scroll" tabIndex={0} role="region" aria-label="Files">
            <table className="plain">
              <thead><tr><th>Name</th><th>Size</th><th>Uploaded</th><th>By</th><th>Tags</th><th><span className="dim">Actions</span></th></tr></thead>
              <tbody>{list.map((file) => <Row key={file.id} file={file} />)}</tbody>
            </table>
          </div>
        )}
        {files.hasNextPage && <Button variant="default" loading={files.isFetchingNextPage} onClick={() => files.fetchNextPage()}>More files</Button>}
      </div>
    </>
  );
}

function UploadFile() {
  const { client } = usePlace();
  const queries = useQueryClient();
  const [step, setStep] = useState<{ label: string; share: number } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const stop = useRef<AbortController | null>(null);
  async function go(file: File | null) {
    if (!file) return;
    const control = new AbortController();
    stop.current = control;
    setError(null);
    try {
      await upload(client, file, [], (share) => setStep({ label: `Uploading ${file.name}`, share }), control.signal);
      await queries.invalidateQueries({ queryKey: [client.key, "files"] });
    } catch (caught) {
      setError(caught);
    } finally {
      setStep(null);
    }
  }
  return (
    <div className="stack">
      {!step && <div className="row"><FileButton onChange={go} inputProps={{ "aria-label": "File" }}>{(props) => <Button {...props}>Upload a file</Button>}</FileButton></div>}
      {step && <ProgressLine label={step.label} share={step.share} stop={() => stop.current?.abort()} />}
      <ErrorNote error={error} />
    </div>
  );
}

function Row({ file }: { file: StoredFile }) {
  const { client, me } = usePlace();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [tag, setTag] = useState("");
  const again = () => queries.invalidateQueries({ queryKey: [client.key, "files"] });
  const writable = !readOnly(me) && (me.isMasterToken || String(file.creatorToken?.id) === me.id);
  async function attempt(act: () => Promise<unknown>) {
    setBusy(true);
    setError(null);
    try {
      await act();
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  }
  return (
    <tr>
      <td>{file.name} {file.isSliced && <Badge kind="note">SLICED</Badge>}<div className="dim small">id {file.id}</div><ErrorNote error={error} /></td>
      <td>{bytes(file.sizeBytes)}</td>
      <td><When at={file.created} /></td>
      <td>{file.creatorToken?.description}</td>
      <td>
        <div className="row">{file.tags.map((name) => (
          <span key={name} className="badge note">{name}{writable && <button type="button" className="tag-remove" aria-label={`Remove tag ${name}`}
            onClick={() => attempt(async () => { await client.call(`files/${file.id}/tags/${name.split("/").map(encodeURIComponent).join("/")}`, { method: "DELETE" }); await again(); })}>×</button>}</span>
        ))}</div>
        {writable && (
          <form onSubmit={(e) => { e.preventDefault(); if (tag.trim()) void attempt(async () => { await client.call(`files/${file.id}/tags`, { body: { tag: tag.trim() } }); setTag(""); await again(); }); }}>
            <TextInput size="xs" aria-label={`New tag of ${file.name}`} placeholder="Add a tag" value={tag} onChange={(e) => setTag(e.currentTarget.value)} />
          </form>
        )}
      </td>
      <td>
        <div className="row">
          <Button variant="default" size="xs" loading={busy} onClick={() => attempt(async () => save(await content(client, file.id, "", () => undefined), file.name))}>Download</Button>
          {writable && <ConfirmButton label="Delete" title="Delete the file?" confirm="Delete" danger act={async () => { await client.call(`files/${file.id}`, { method: "DELETE" }); await again(); }}>{file.name} is deleted for good.</ConfirmButton>}
        </div>
      </td>
    </tr>
  );
}
