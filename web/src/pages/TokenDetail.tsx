import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useParams, useSearchParams } from "react-router-dom";

import { Badge, ConfirmButton, Empty, ErrorNote, Loading, SecretBox, When } from "../components/bits";
import { usePlace } from "../components/context";
import { EventTable } from "../components/EventTable";
import { SendToken } from "../components/SendToken";
import { bodyOf, fieldsOf, summary, TokenFieldset, type TokenFields } from "../components/TokenForm";
import type { Token, TokenLink } from "../types";

export default function TokenDetail() {
  const { client, base, me } = usePlace();
  const { tokenId = "" } = useParams();
  const [search, setSearch] = useSearchParams();
  const tab = search.get("tab") ?? "overview";
  const token = useQuery({ queryKey: [client.key, "token", tokenId], queryFn: () => client.call<Token>(`tokens/${tokenId}`) });
  if (token.isPending) return <Loading />;
  if (token.error) return <><ErrorNote error={token.error} /><p><Link to={`${base}/tokens`}>All tokens</Link></p></>;
  const t = token.data;
  const show = (name: string) => setSearch(name === "overview" ? {} : { tab: name }, { replace: true });
  return (
    <>
      <div className="small"><Link to={`${base}/tokens`}>API tokens</Link></div>
      <div className="head">
        <h1>{t.description || `Token ${t.id}`}</h1>
        {t.id === me.id && <Badge kind="note">YOURS</Badge>} {t.isMasterToken && <Badge kind="good">MASTER</Badge>}
        {t.isDisabled && <Badge kind="bad">DISABLED</Badge>}
      </div>
      <div className="row" role="group" aria-label="Parts of this page">
        {["overview", "edit", "links", "events"].filter((n) => !t.isMasterToken || n === "overview" || n === "events").filter((n) => me.canManageTokens || n !== "edit").map((name) => (
          <Button key={name} size="xs" variant={tab === name ? "filled" : "default"} aria-pressed={tab === name} onClick={() => show(name)}>
            {{ overview: "Overview", edit: "Edit", links: "Sent links", events: "Events" }[name]}
          </Button>
        ))}
      </div>
      <div className="card" style={{ marginTop: "1rem" }}>
        {tab === "overview" && <Overview token={t} />}
        {tab === "edit" && <Edit key={t.refreshed} token={t} done={() => show("overview")} />}
        {tab === "links" && <Links token={t} />}
        {tab === "events" && <EventTable path={`tokens/${t.id}/events`} />}
      </div>
    </>
  );
}

function Overview({ token }: { token: Token }) {
  const { client, base, me } = usePlace();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [fresh, setFresh] = useState("");
  const again = () => Promise.all([queries.invalidateQueries({ queryKey: [client.key, "token", token.id] }), queries.invalidateQueries({ queryKey: [client.key, "tokens"] })]);
  async function refresh() {
    const made = await client.call<Token>(`tokens/${token.id}/refresh`, { method: "POST" });
    setFresh(made.token ?? "");
    await again();
  }
  async function setDisabled(isDisabled: boolean) {
    await client.call(`tokens/${token.id}`, { method: "PUT", body: { isDisabled } });
    await again();
  }
  async function remove() {
    await client.call(`tokens/${token.id}`, { method: "DELETE" });
    navigate(`${base}/tokens`);
    await queries.invalidateQueries({ queryKey: [client.key, "tokens"] });
  }
  const mayManage = me.canManageTokens;
  return (
    <div className="stack">
      {fresh && (
        <div className="stack">
          <div className="notice good"><p>The token was refreshed. The old string is dead everywhere.</p></div>
          <SecretBox value={fresh} label="The new token" />
        </div>
      )}
      <dl className="facts">
        <dt>Id</dt><dd>{token.id}</dd>
        <dt>Created</dt><dd><When at={token.created} /> {token.creatorToken && <>by {token.creatorToken.description}</>}</dd>
        <dt>Refreshed</dt><dd><When at={token.refreshed} /></dd>
        <dt>Last used</dt><dd><When at={token.lastUsed?.time} /> {token.lastUsed && <span className="dim">from {token.lastUsed.address}</span>}</dd>
        <dt>Expires</dt><dd><When at={token.expires} /></dd>
        {token.admin && <><dt>User</dt><dd>{token.admin.name}, {token.admin.role}</dd></>}
        <dt>Permissions</dt><dd><ul className="plain-list">{summary(fieldsOf(token)).slice(0, -1).map((l) => <li key={l}>{l}</li>)}</ul></dd>
      </dl>
      <div className="row">
        {(mayManage || token.id === me.id) && (
          <ConfirmButton label="Refresh" title="Refresh the token?" confirm="Refresh" act={refresh}>
            A new string replaces the old one. Whatever still uses the old string is refused at once, everywhere.
          </ConfirmButton>
        )}
        {!token.isMasterToken && mayManage && (
          <>
            <SendToken tokenId={token.id} />
            <ConfirmButton label={token.isDisabled ? "Enable" : "Disable"} title={token.isDisabled ? "Enable the token?" : "Disable the token?"}
              confirm={token.isDisabled ? "Enable" : "Disable"} act={() => setDisabled(!token.isDisabled)}>
              {token.isDisabled ? "It works again at once, with the same string and permissions." : "It is refused at once, everywhere, until it is enabled again. Nothing else changes."}
            </ConfirmButton>
            <ConfirmButton label="Delete" title="Delete the token?" confirm="Delete" danger act={remove}>
              The token is dead at once, everywhere, and can't be brought back. Its event history stays.
            </ConfirmButton>
          </>
        )}
      </div>
    </div>
  );
}

function Edit({ token, done }: { token: Token; done: () => void }) {
  const { client } = usePlace();
  const queries = useQueryClient();
  const before = fieldsOf(token);
  const [fields, setFields] = useState(before);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const changed = changes(before, fields);
  async function save(event: React.FormEvent) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await client.call(`tokens/${token.id}`, { method: "PUT", body: bodyOf(fields) });
      await queries.invalidateQueries({ queryKey: [client.key] });
      done();
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  }
  return (
    <form className="stack" onSubmit={save}>
      <TokenFieldset value={fields} change={setFields} editing />
      <div className="notice note" data-testid="changes">
        <strong>What changes</strong>
        {changed.length ? <ul className="plain-list">{changed.map((c) => <li key={c}>{c}</li>)}</ul> : <p>Nothing yet.</p>}
        {changed.length > 0 && <p className="small">It holds for the next call of whoever uses the token; the string stays the same.</p>}
      </div>
      <ErrorNote error={error} />
      <div className="row end"><Button variant="default" onClick={done}>Cancel</Button><Button type="submit" loading={busy} disabled={!changed.length}>Save</Button></div>
    </form>
  );
}

/** What saving would change, one line each. */
function changes(before: TokenFields, after: TokenFields) {
  const lines: string[] = [];
  if (before.description !== after.description) lines.push(`Description: “${before.description}” becomes “${after.description}”.`);
  if (before.allFiles !== after.allFiles) lines.push(after.allFiles ? "It will read all files." : "It will see only its own files.");
  if (before.purgeTrash !== after.purgeTrash) lines.push(after.purgeTrash ? "It will empty the trash." : "It will no longer empty the trash.");
  const diff = (a: string[], b: string[], gain: string, loss: string) => {
    b.filter((x) => !a.includes(x)).forEach((x) => lines.push(`Gains: ${gain} ${x}.`));
    a.filter((x) => !b.includes(x)).forEach((x) => lines.push(`Loses: ${loss} ${x}.`));
  };
  diff(before.read, after.read, "read", "read");
  diff(before.write, after.write, "write", "write");
  diff(before.components, after.components, "component", "component");
  diff(before.addresses, after.addresses, "address", "address");
  if (before.requestsPerMinute !== after.requestsPerMinute) lines.push(`Requests per minute: ${before.requestsPerMinute || "no limit"} becomes ${after.requestsPerMinute || "no limit"}.`);
  return lines;
}

const LINK_BADGE = { sent: "note", opened: "warn", retrieved: "good", expired: "bad", revoked: "bad" } as const;

function Links({ token }: { token: Token }) {
  const { client, me } = usePlace();
  const queries = useQueryClient();
  const links = useQuery({ queryKey: [client.key, "links", token.id], queryFn: () => client.call<TokenLink[]>(`tokens/${token.id}/links`) });
  async function revoke(id: number) {
    await client.call(`tokens/${token.id}/links/${id}`, { method: "DELETE" });
    await queries.invalidateQueries({ queryKey: [client.key, "links", token.id] });
  }
  if (links.isPending) return <Loading />;
  return (
    <div className="stack">
      <div className="row">{me.canManageTokens && <SendToken tokenId={token.id} />}</div>
      <ErrorNote error={links.error} />
      {links.data?.length === 0 && <Empty title="No links were sent">Send the token by e-mail: the recipient gets a link that opens once.</Empty>}
      {!!links.data?.length && (
        <div className="scroll" tabIndex={0} role="region" aria-label="Sent links">
          <table className="plain">
            <thead><tr><th>Recipient</th><th>State</th><th>Sent</th><th>Opened</th><th>Retrieved</th><th>Expires</th><th><span className="dim">Action</span></th></tr></thead>
            <tbody>
              {links.data.map((link) => (
                <tr key={link.id}>
                  <td>{link.recipientEmail}</td>
                  <td><Badge kind={LINK_BADGE[link.state]}>{link.state.toUpperCase()}</Badge></td>
                  <td><When at={link.created} /></td><td><When at={link.opened} none="no" /></td><td><When at={link.retrieved} none="no" /></td><td><When at={link.expires} /></td>
                  <td>{(link.state === "sent" || link.state === "opened") && (
                    <ConfirmButton label="Revoke" title="Revoke the link?" confirm="Revoke" act={() => revoke(link.id)}>The link stops working at once. The token itself stays as it is.</ConfirmButton>
                  )}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}
