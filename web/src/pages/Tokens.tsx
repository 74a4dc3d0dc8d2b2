// API tokens of the project: thousands of them in one list that filters as you type.
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import { Link } from "react-router-dom";

import { Badge, Empty, ErrorNote, Loading, moment, When } from "../components/bits";
import { usePlace } from "../components/context";
import type { Bucket, Token } from "../types";

const SOON_MS = 7 * 24 * 3600 * 1000;
type SortKey = "description" | "created" | "refreshed" | "lastUsed" | "expires";
type Kind = "" | "master" | "limited" | "full" | "disabled" | "soon" | "unused";

const KINDS: { value: Kind; label: string }[] = [
  { value: "", label: "All kinds" }, { value: "master", label: "Master" }, { value: "limited", label: "Limited" }, { value: "full", label: "All buckets" },
  { value: "disabled", label: "Disabled" }, { value: "soon", label: "Expires soon" }, { value: "unused", label: "Never used" },
];

function expiresSoon(token: Token) {
  return token.expires !== null && moment(token.expires) - Date.now() < SOON_MS;
}

function isKind(token: Token, kind: Kind) {
  if (kind === "master") return token.isMasterToken;
  if (kind === "limited") return !token.isMasterToken && !token.canManageBuckets;
  if (kind === "full") return token.canManageBuckets;
  if (kind === "disabled") return token.isDisabled;
  if (kind === "soon") return expiresSoon(token);
  if (kind === "unused") return !token.lastUsed;
  return true;
}

function may(token: Token, bucketId: string, need: string) {
  if (!bucketId) return true;
  const level = (token.bucketPermissions as Record<string, string>)[bucketId];
  return need === "write" ? level === "write" || level === "manage" : level !== undefined;
}

function sortValue(token: Token, key: SortKey): string | number {
  if (key === "description") return token.description.toLowerCase();
  if (key === "lastUsed") return token.lastUsed ? moment(token.lastUsed.time) : 0;
  if (key === "expires") return token.expires ? moment(token.expires) : Number.MAX_SAFE_INTEGER;
  return moment(token[key]);
}

export default function Tokens() {
  const { client, base, me } = usePlace();
  const [text, setText] = useState("");
  const [kind, setKind] = useState<Kind>("");
  const [bucket, setBucket] = useState("");
  const [need, setNeed] = useState("write");
  const [sort, setSort] = useState<{ key: SortKey; down: boolean }>({ key: "created", down: true });
  const tokens = useQuery({ queryKey: [client.key, "tokens"], queryFn: () => client.call<Token[]>("tokens") });
  const buckets = useQuery({ queryKey: [client.key, "buckets"], queryFn: () => client.call<Bucket[]>("buckets") });
  const shown = useMemo(() => {
    const wanted = text.trim().toLowerCase();
    const kept = (tokens.data ?? []).filter((t) =>
      (!wanted || t.description.toLowerCase().includes(wanted) || t.id === wanted) && isKind(t, kind) && may(t, bucket, need));
    const keyed = kept.map((token) => ({ token, value: sortValue(token, sort.key) }));
    keyed.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0) * (sort.down ? -1 : 1));
    return keyed.map((k) => k.token);
  }, [tokens.data, text, kind, bucket, need, sort]);
  return (
    <>
      <div className="head">
        <h1>API tokens</h1>
        <span className="spread" />
        {me.canManageTokens && <Button component={Link} to={`${base}/tokens/new`}>New token</Button>}
      </div>
      <div className="card stack">
        <div className="row top-aligned" role="search">
          <TextInput className="spread" label="Search tokens" placeholder="Description or id" value={text} onChange={(e) => setText(e.currentTarget.value)} />
          <NativeSelect label="Kind" value={kind} onChange={(e) => setKind(e.currentTarget.value as Kind)} data={KINDS} />
          <NativeSelect label="Who can" value={need} onChange={(e) => setNeed(e.currentTarget.value)} data={[{ value: "write", label: "write in" }, { value: "read", label: "read" }]} />
          <NativeSelect label="Bucket" value={bucket} onChange={(e) => setBucket(e.currentTarget.value)}
            data={[{ value: "", label: "any bucket" }, ...(buckets.data ?? []).map((b) => ({ value: b.id, label: b.id }))]} />
        </div>
        <ErrorNote error={tokens.error} />
        {tokens.isPending && <Loading />}
        {tokens.isSuccess && (
          <>
            <p className="dim small" role="status">{shown.length === tokens.data.length ? `${shown.length.toLocaleString()} tokens` : `${shown.length.toLocaleString()} of ${tokens.data.length.toLocaleString()} tokens`}</p>
            {shown.length === 0 ? <Empty title="No token matches">Change the search or the filters.</Empty> : <List tokens={shown} sort={sort} setSort={setSort} />}
          </>
        )}
      </div>
    </>
  );
}

function List({ tokens, sort, setSort }: { tokens: Token[]; sort: { key: SortKey; down: boolean }; setSort: (s: { key: SortKey; down: boolean }) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const narrow = window.matchMedia("(max-width: 48rem)").matches;
  const rows = useVirtualizer({ count: tokens.length, getScrollElement: () => box.current, estimateSize: () => (narrow ? 67.2 : 54.4), overscan: 12 });
  const head = (key: SortKey, label: string) => (
    <span role="columnheader" aria-sort={sort.key === key ? (sort.down ? "descending" : "ascending") : "none"}>
      <button type="button" onClick={() => setSort({ key, down: sort.key === key ? !sort.down : key !== "description" })}>
        {label}{sort.key === key ? (sort.down ? " ↓" : " ↑") : ""}
      </button>
    </span>
  );
  return (
    <div ref={box} className="long-box" role="table" aria-label="Tokens" aria-rowcount={tokens.length + 1} tabIndex={0}>
      <div role="rowgroup">
        <div role="row" className="grid-head" aria-rowindex={1}>
          {head("description", "Description")}{head("created", "Created")}{head("refreshed", "Refreshed")}{head("lastUsed", "Last used")}{head("expires", "Expires")}
          <span role="columnheader">Files</span><span role="columnheader">Components</span><span role="columnheader">Buckets</span>
        </div>
      </div>
      <div role="rowgroup" style={{ height: rows.getTotalSize(), position: "relative" }}>
        {rows.getVirtualItems().map((item) => (
          <Row key={tokens[item.index]!.id} token={tokens[item.index]!} index={item.index} top={item.start} />
        ))}
      </div>
    </div>
  );
}

function Row({ token, index, top }: { token: Token; index: number; top: number }) {
  const { base, me } = usePlace();
  const buckets = Object.keys(token.bucketPermissions).length;
  return (
    <div role="row" className="grid-row" aria-rowindex={index + 2} style={{ transform: `translateY(${top}px)` }}>
      <span role="cell" className="named">
        <Link to={`${base}/tokens/${token.id}`}>{token.description || `Token ${token.id}`}</Link>{" "}
        {token.id === me.id && <Badge kind="note">YOURS</Badge>} {token.isMasterToken && <Badge kind="good">MASTER</Badge>}{" "}
        {token.isDisabled && <Badge kind="bad">DISABLED</Badge>} {expiresSoon(token) && <Badge kind="warn">EXPIRES SOON</Badge>}
      </span>
      <span role="cell" className="wide"><When at={token.created} /></span>
      <span role="cell" className="wide"><When at={token.refreshed} /></span>
      <span role="cell" title={token.lastUsed ? `from ${token.lastUsed.address}` : undefined}><When at={token.lastUsed?.time} none="Never used" /></span>
      <span role="cell"><When at={token.expires} none="Never" /></span>
      <span role="cell" className="wide">{token.canReadAllFileUploads ? "All" : "Own"}</span>
      <span role="cell" className="wide">{token.canManageBuckets ? "All" : (token.componentAccess?.length ?? 0) || "None"}</span>
      <span role="cell" className="wide">{token.canManageBuckets ? "All" : buckets || "None"}</span>
    </div>
  );
}
