// Events with search, filters, live paging and export; the same for a project, a token, a bucket, a table.
import { Button, Checkbox, Modal, NativeSelect, Popover, TextInput } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { save } from "../api";
import type { StorageEvent } from "../types";
import { Badge, Empty, ErrorNote, Loading, When } from "./bits";
import { usePlace } from "./context";

const PAGE = 100;
const EXPORT_MOST = 20_000;

/** path: "events", "tokens/5/events", "buckets/in.c-main/events"... */
export function EventTable({ path }: { path: string }) {
  const { client } = usePlace();
  const [typed, setTyped] = useState("");
  const [q, setQ] = useState("");
  const [operation, setOperation] = useState("");
  const [outcome, setOutcome] = useState("");
  const [live, setLive] = useState(false);
  const [shown, setShown] = useState<StorageEvent | null>(null);
  const filter = { q, operation, outcome };
  const older = useInfiniteQuery({
    queryKey: [client.key, path, filter],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => client.call<StorageEvent[]>(path, { query: { ...filter, limit: PAGE, maxId: pageParam }, signal }),
    getNextPageParam: (last) => (last.length === PAGE ? last[last.length - 1]?.uuid : undefined),
  });
  const list = older.data?.pages.flat() ?? [];
  const newest = list[0]?.uuid ?? "";
  const newer = useQuery({
    queryKey: [client.key, path, filter, "since", newest],
    enabled: live && !older.isPending,
    refetchInterval: 2_000,
    queryFn: ({ signal }) => client.call<StorageEvent[]>(path, { query: { ...filter, sinceId: newest, limit: PAGE }, signal }),
  });
  const all = [...(live ? (newer.data ?? []) : []), ...list];
  return (
    <div className="stack">
      <form className="row top-aligned" role="search" onSubmit={(e) => { e.preventDefault(); setQ(typed.trim()); }}>
        <TextInput className="spread" label="Search" placeholder="objectId:in.c-main.users AND event:storage.tableExported" value={typed}
          onChange={(e) => setTyped(e.currentTarget.value)} />
        <NativeSelect label="Operation" value={operation} onChange={(e) => setOperation(e.currentTarget.value)}
          data={[{ value: "", label: "All" }, { value: "read", label: "Read" }, { value: "write", label: "Write" }, { value: "manage", label: "Manage" }]} />
        <NativeSelect label="Outcome" value={outcome} onChange={(e) => setOutcome(e.currentTarget.value)}
          data={[{ value: "", label: "All" }, { value: "success", label: "Success" }, { value: "refused", label: "Refused" }, { value: "error", label: "Error" }]} />
        <Button type="submit">Search</Button>
        <SearchHelp />
      </form>
      <div className="row">
        <Checkbox label="Live: show new events as they come" checked={live} onChange={(e) => setLive(e.currentTarget.checked)} />
        <span className="spread" />
        <ExportButtons path={path} filter={filter} />
      </div>
      <ErrorNote error={older.error ?? newer.error} />
      {older.isPending && <Loading />}
      {older.isSuccess && all.length === 0 && (
        <Empty title="No events">{q || operation || outcome ? "Nothing matches. Try fewer words or another filter." : "Everything that is done with this will be listed here."}</Empty>
      )}
      {all.length > 0 && (
        <div className="scroll" tabIndex={0} role="region" aria-label="Events">
          <table className="plain">
            <thead><tr><th>Time</th><th>Event</th><th>What happened</th><th>Token</th></tr></thead>
            <tbody>{all.map((event) => <Row key={event.uuid} event={event} show={() => setShown(event)} />)}</tbody>
          </table>
        </div>
      )}
      {older.hasNextPage && <Button variant="default" loading={older.isFetchingNextPage} onClick={() => older.fetchNextPage()}>Older events</Button>}
      <Detail event={shown} close={() => setShown(null)} />
    </div>
  );
}

function Row({ event, show }: { event: StorageEvent; show: () => void }) {
  return (
    <tr>
      <td><When at={event.created} /></td>
      <td>
        <code>{event.event}</code> {event.outcome === "refused" && <Badge kind="warn">REFUSED</Badge>}
        {event.type === "error" && event.outcome !== "refused" && <Badge kind="bad">ERROR</Badge>}
      </td>
      <td><Button variant="subtle" size="compact-sm" onClick={show}>{event.message || "Detail"}</Button></td>
      <td>{event.token?.name ?? <span className="dim">the server</span>}</td>
    </tr>
  );
}

function SearchHelp() {
  return (
    <Popover width={360} position="bottom-end" withArrow trapFocus>
      <Popover.Target><Button variant="default">Help</Button></Popover.Target>
      <Popover.Dropdown>
        <p>Words alone search the message. A field and a value, joined by <code>AND</code>, narrow it down:</p>
        <ul className="plain-list">
          <li><code>event:storage.tokenCreated</code></li>
          <li><code>objectId:in.c-main.users</code></li>
          <li><code>objectType:table</code></li>
          <li><code>token.id:12</code></li>
          <li><code>component:storage AND type:error</code></li>
          <li><code>runId:1234</code></li>
        </ul>
      </Popover.Dropdown>
    </Popover>
  );
}

function Detail({ event, close }: { event: StorageEvent | null; close: () => void }) {
  return (
    <Modal opened={event !== null} onClose={close} title="Event" size="lg" closeButtonProps={{ "aria-label": "Close" }}>
      {event && (
        <div className="stack">
          <strong>{event.message}</strong>
          <dl className="facts">
            <dt>Event</dt><dd><code>{event.event}</code></dd>
            <dt>Time</dt><dd><When at={event.created} /></dd>
            <dt>Token</dt><dd>{event.token ? `${event.token.name} (${event.token.id})` : "the server itself"}</dd>
            {event.objectId && <><dt>Object</dt><dd>{event.objectType} <code>{event.objectId}</code> {event.objectName}</dd></>}
            {event.operation && <><dt>Operation</dt><dd>{event.operation}</dd></>}
            {event.outcome && <><dt>Outcome</dt><dd>{event.outcome}</dd></>}
            {event.runId && <><dt>Run</dt><dd><code>{event.runId}</code></dd></>}
            <dt>From</dt><dd>{String(event.context.remoteAddr ?? "")}</dd>
            <dt>Client</dt><dd>{String(event.context.httpUserAgent ?? event.context.userAgent ?? "")}</dd>
            <dt>Id</dt><dd><code>{event.uuid}</code></dd>
          </dl>
          {event.description && <pre className="text">{event.description}</pre>}
          {(["params", "results", "context"] as const).map((part) =>
            Object.keys(event[part] ?? {}).length > 0 && (
              <div key={part}><strong className="small">{part}</strong><pre className="text">{JSON.stringify(event[part], null, 2)}</pre></div>
            ))}
        </div>
      )}
    </Modal>
  );
}

function ExportButtons({ path, filter }: { path: string; filter: Record<string, string> }) {
  const { client } = usePlace();
  const [busy, setBusy] = useState(0);
  const [error, setError] = useState<unknown>(null);
  async function collect() {
    const found: StorageEvent[] = [];
    let maxId = "";
    while (found.length < EXPORT_MOST) {
      const page = await client.call<StorageEvent[]>(path, { query: { ...filter, limit: 1000, maxId } });
      found.push(...page);
      setBusy(found.length + 1);
      if (page.length < 1000) break;
      maxId = page[page.length - 1]!.uuid;
    }
    return found;
  }
  async function run(kind: "csv" | "jsonl") {
    setBusy(1);
    setError(null);
    try {
      const events = await collect();
      const text = kind === "jsonl" ? events.map((e) => JSON.stringify(e)).join("\n") + "\n" : csv(events);
      save(new Blob([text], { type: kind === "csv" ? "text/csv" : "application/jsonl" }), `events.${kind}`);
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(0);
    }
  }
  return (
    <>
      {busy > 1 && <span className="dim small" role="status">{(busy - 1).toLocaleString()} read</span>}
      <Button variant="default" size="xs" disabled={busy > 0} onClick={() => run("csv")}>Export CSV</Button>
      <Button variant="default" size="xs" disabled={busy > 0} onClick={() => run("jsonl")}>Export JSON lines</Button>
      <ErrorNote error={error} />
    </>
  );
}

function csv(events: StorageEvent[]) {
  const columns = ["created", "uuid", "event", "type", "operation", "outcome", "message", "objectType", "objectId", "objectName", "token.id", "token.name", "runId", "address"];
  // A value that a spreadsheet would take for a formula is made text.
  const quote = (value: unknown) => {
    const text = value === null || value === undefined ? "" : String(value);
    return `"${(/^[=+\-@\t\r]/.test(text) ? "'" + text : text).replaceAll('"', '""')}"`;
  };
  const lines = events.map((e) =>
    [e.created, e.uuid, e.event, e.type, e.operation, e.outcome, e.message, e.objectType, e.objectId, e.objectName, e.token?.id, e.token?.name, e.runId,
      e.context.remoteAddr].map(quote).join(","));
  return [columns.map(quote).join(","), ...lines].join("\n") + "\n";
}
