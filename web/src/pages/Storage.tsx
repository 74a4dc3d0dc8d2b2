// Buckets and tables: the tree, and beside it the bucket or table that the address names. Serves projects and the console.
import { Button, Modal, NativeSelect, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, NavLink, useNavigate, useParams } from "react-router-dom";

import { Badge, bytes, ConfirmButton, count, Empty, ErrorNote, Loading, When } from "../components/bits";
import { mayWrite, usePlace } from "../components/context";
import { EventTable } from "../components/EventTable";
import { Preview } from "../components/Preview";
import { DownloadTable, UploadTable } from "../components/TableData";
import type { Bucket, Table } from "../types";

const TREE_MOST = 500;

export default function Storage() {
  const { bucketId, tableId } = useParams();
  const { client, me } = usePlace();
  const buckets = useQuery({ queryKey: [client.key, "buckets"], queryFn: () => client.call<Bucket[]>("buckets") });
  return (
    <>
      <div className="head"><h1>Storage</h1><span className="spread" />{me.canManageBuckets && <NewBucket />}</div>
      <ErrorNote error={buckets.error} />
      {buckets.isPending && <Loading />}
      {buckets.isSuccess && (
        <div className="side">
          <Tree buckets={buckets.data} open={bucketId ?? tableId?.split(".").slice(0, 2).join(".")} />
          <div>
            {tableId ? <TableView key={tableId} tableId={tableId} /> : bucketId ? <BucketView key={bucketId} bucketId={bucketId} /> : <Start none={buckets.data.length === 0} />}
          </div>
        </div>
      )}
    </>
  );
}

function Start({ none }: { none: boolean }) {
  const { me } = usePlace();
  if (!none) return <div className="card"><Empty title="Choose a bucket or a table">Its content, events and data are shown here.</Empty></div>;
  return (
    <div className="card">
      <Empty title="There is no bucket here">{me.canManageBuckets ? "Make the first one with New bucket; then upload a CSV file into it." : "This token may see no bucket. Ask whoever made it."}</Empty>
    </div>
  );
}

function Tree({ buckets, open }: { buckets: Bucket[]; open?: string }) {
  const { client, base } = usePlace();
  const [text, setText] = useState("");
  const [opened, setOpened] = useState<Record<string, boolean>>({});
  const tables = useQuery({ queryKey: [client.key, "tables"], queryFn: () => client.call<Table[]>("tables", { query: { include: "buckets" } }) });
  const wanted = text.trim().toLowerCase();
  const inside = (bucket: Bucket) => (tables.data ?? []).filter((t) => t.bucket?.id === bucket.id);
  const matching = buckets.filter((b) => !wanted || b.id.toLowerCase().includes(wanted) || inside(b).some((t) => t.name.toLowerCase().includes(wanted)));
  return (
    <nav className="card" aria-label="Buckets and tables">
      <TextInput label="Find" placeholder="Bucket or table" value={text} onChange={(e) => setText(e.currentTarget.value)} />
      <ErrorNote error={tables.error} />
      <div className="tree-box" style={{ marginTop: "0.6rem" }}>
        <ul className="tree">
          {matching.slice(0, TREE_MOST).map((bucket) => {
            const isOpen = opened[bucket.id] ?? (bucket.id === open || (!!wanted && matching.length < 20));
            return (
              <li key={bucket.id}>
                <div className="row" style={{ gap: 0, flexWrap: "nowrap" }}>
                  <button type="button" aria-expanded={isOpen} aria-label={`Tables of ${bucket.id}`} onClick={() => setOpened({ ...opened, [bucket.id]: !isOpen })}>{isOpen ? "▾" : "▸"}</button>
                  <NavLink to={`${base}/storage/buckets/${encodeURIComponent(bucket.id)}`} title={bucket.id}>{bucket.id}</NavLink>
                </div>
                {isOpen && (
                  <ul>
                    {inside(bucket).filter((t) => !wanted || bucket.id.includes(wanted) || t.name.toLowerCase().includes(wanted)).map((table) => (
                      <li key={table.id}><NavLink to={`${base}/storage/tables/${encodeURIComponent(table.id)}`} title={table.id}>{table.name}</NavLink></li>
                    ))}
                    {tables.isSuccess && inside(bucket).length === 0 && <li className="dim small">no tables</li>}
                  </ul>
                )}
              </li>
            );
          })}
        </ul>
        {matching.length > TREE_MOST && <p className="dim small">{matching.length - TREE_MOST} more: narrow the search.</p>}
        {matching.length === 0 && <p className="dim small">Nothing matches.</p>}
      </div>
    </nav>
  );
}

function NewBucket() {
  const { client, base } = usePlace();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [stage, setStage] = useState("in");
  const [description, setDescription] = useState("");
  const [error, setError] = useState<unknown>(null);
  async function go(event: React.FormEvent) {
    event.preventDefault();
    setError(null);
    try {
      const made = await client.call<Bucket>("buckets", { body: { name, stage, description } });
      await queries.invalidateQueries({ queryKey: [client.key, "buckets"] });
      setOpen(false);
      navigate(`${base}/storage/buckets/${encodeURIComponent(made.id)}`);
    } catch (caught) {
      setError(caught);
    }
  }
  return (
    <>
      <Button onClick={() => setOpen(true)}>New bucket</Button>
      <Modal opened={open} onClose={() => setOpen(false)} title="New bucket" closeButtonProps={{ "aria-label": "Close" }}>
        <form className="stack" onSubmit={go}>
          <TextInput label="Name" description="Letters, digits, dash and underscore" required value={name} onChange={(e) => setName(e.currentTarget.value)} />
          <NativeSelect label="Stage" value={stage} onChange={(e) => setStage(e.currentTarget.value)} data={[{ value: "in", label: "in: data that comes in" }, { value: "out", label: "out: results" }]} />
          <TextInput label="Description" value={description} onChange={(e) => setDescription(e.currentTarget.value)} />
          <ErrorNote error={error} />
          <div className="row end"><Button type="submit">Create bucket</Button></div>
        </form>
      </Modal>
    </>
  );
}

function BucketView({ bucketId }: { bucketId: string }) {
  const { client, base, me } = usePlace();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const bucket = useQuery({ queryKey: [client.key, "bucket", bucketId], queryFn: () => client.call<Bucket>(`buckets/${bucketId}`) });
  const [tab, setTab] = useState("tables");
  async function remove() {
    await client.call(`buckets/${bucketId}`, { method: "DELETE", query: { force: 1 } });
    navigate(`${base}/storage`);
    await queries.invalidateQueries({ queryKey: [client.key] });
  }
  if (bucket.isPending) return <Loading />;
  if (bucket.error) return <ErrorNote error={bucket.error} />;
  const b = bucket.data;
  const tables = b.tables ?? [];
  return (
    <div className="card stack">
      <div className="row"><h2 style={{ margin: 0 }}>{b.id}</h2><span className="spread" /><Tabs names={["tables", "events"]} now={tab} set={setTab} /></div>
      <p className="dim">{b.description || "No description."} {count(tables.length, "table")}, {count(b.rowsCount, "row")}, {bytes(b.dataSizeBytes)}; made <When at={b.created} />.</p>
      {tab === "events" ? <EventTable path={`buckets/${b.id}/events`} /> : (
        <>
          {mayWrite(me, b.id) && <UploadTable bucketId={b.id} />}
          {tables.length === 0 ? <Empty title="No tables yet">{mayWrite(me, b.id) ? "Drop a CSV file above: its first line names the columns." : "Nothing was loaded into this bucket."}</Empty> : (
            <div className="scroll" tabIndex={0} role="region" aria-label="Tables">
              <table className="plain">
                <thead><tr><th>Table</th><th>Rows</th><th>Size</th><th>Last import</th></tr></thead>
                <tbody>{tables.map((t) => (
                  <tr key={t.id}>
                    <td><Link to={`${base}/storage/tables/${encodeURIComponent(t.id)}`}>{t.name}</Link> {t.isAlias && <Badge kind="note">ALIAS</Badge>}</td>
                    <td>{t.rowsCount?.toLocaleString()}</td><td>{bytes(t.dataSizeBytes)}</td><td><When at={t.lastImportDate} /></td>
                  </tr>
                ))}</tbody>
              </table>
            </div>
          )}
          {me.canManageBuckets && (
            <div className="row end">
              <ConfirmButton label="Delete bucket" title="Delete the bucket?" confirm="Delete bucket" danger act={remove}>
                {b.id} and its {count(tables.length, "table")} are deleted for good.
              </ConfirmButton>
            </div>
          )}
        </>
      )}
    </div>
  );
}

function Tabs({ names, now, set }: { names: string[]; now: string; set: (name: string) => void }) {
  return (
    <div className="row" role="group" aria-label="Parts">
      {names.map((name) => <Button key={name} size="xs" variant={now === name ? "filled" : "default"} aria-pressed={now === name} onClick={() => set(name)}>{name[0]!.toUpperCase() + name.slice(1)}</Button>)}
    </div>
  );
}

function TableView({ tableId }: { tableId: string }) {
  const { client, base, me } = usePlace();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [tab, setTab] = useState("overview");
  const table = useQuery({ queryKey: [client.key, "table", tableId], queryFn: () => client.call<Table>(`tables/${tableId}`) });
  if (table.isPending) return <Loading />;
  if (table.error) return <ErrorNote error={table.error} />;
  const t = table.data;
  const bucketId = t.bucket?.id ?? tableId.split(".").slice(0, 2).join(".");
  const writable = mayWrite(me, bucketId) && !t.isAlias;
  async function remove() {
    await client.call(`tables/${tableId}`, { method: "DELETE" });
    navigate(`${base}/storage/buckets/${encodeURIComponent(bucketId)}`);
    await queries.invalidateQueries({ queryKey: [client.key] });
  }
  return (
    <div className="card stack">
      <div className="row"><h2 style={{ margin: 0 }} className="mono">{t.id}</h2><span className="spread" /><Tabs names={["overview", "data", "events"]} now={tab} set={setTab} /></div>
      {tab === "data" && <Preview table={t} />}
      {tab === "events" && <EventTable path={`tables/${t.id}/events`} />}
      {tab === "overview" && (
        <>
          <dl className="facts">
            <dt>Rows</dt><dd>{t.rowsCount?.toLocaleString() ?? "unknown"}</dd>
            <dt>Size</dt><dd>{bytes(t.dataSizeBytes)}</dd>
            <dt>Created</dt><dd><When at={t.created} /></dd>
            <dt>Last import</dt><dd><When at={t.lastImportDate} /></dd>
            <dt>Last change</dt><dd><When at={t.lastChangeDate} /></dd>
            <dt>Primary key</dt><dd>{t.primaryKey.length ? t.primaryKey.map((k) => <code key={k}>{k} </code>) : <span className="dim">none</span>}</dd>
            <dt>Columns</dt><dd>{t.columns?.map((c) => <code key={c}>{c} </code>)}</dd>
          </dl>
          <DownloadTable table={t} />
          {writable && <UploadTable bucketId={bucketId} table={t} />}
          {writable && (
            <div className="row end">
              <ConfirmButton label="Delete table" title="Delete the table?" confirm="Delete table" danger act={remove}>{t.id} and its {count(t.rowsCount, "row")} are deleted for good.</ConfirmButton>
            </div>
          )}
        </>
      )}
    </div>
  );
}
