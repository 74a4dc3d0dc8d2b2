// The user's own: name, password, second factor, management tokens, invitations.
import { Button, Checkbox, Modal, NumberInput, PasswordInput, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { encode } from "uqr";

import { account } from "../api";
import { Badge, ConfirmButton, Empty, ErrorNote, SecretBox, When } from "../components/bits";
import { useSession } from "../components/Frame";

export default function Account() {
  return (
    <>
      <div className="head"><h1>My account</h1></div>
      <div className="two"><div><Profile /><Password /></div><div><SecondFactor /></div></div>
      <ManageTokens />
      <Invitations />
    </>
  );
}

/** A form that says when it is saved and what went wrong. */
function useAction() {
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState("");
  const [error, setError] = useState<unknown>(null);
  async function run(act: () => Promise<unknown>, said = "Saved.") {
    setBusy(true);
    setDone("");
    setError(null);
    try {
      await act();
      setDone(said);
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  }
  const notes = <><ErrorNote error={error} />{done && <div className="notice good" role="status">{done}</div>}</>;
  return { busy, run, notes };
}

function Profile() {
  const session = useSession();
  const queries = useQueryClient();
  const [name, setName] = useState(session.data?.user.name ?? "");
  const { busy, run, notes } = useAction();
  return (
    <form className="card stack" onSubmit={(e) => { e.preventDefault(); void run(async () => { await account("/auth/profile", { method: "PATCH", body: { name } }); await queries.invalidateQueries({ queryKey: ["session"] }); }); }}>
      <h2>Name</h2>
      <p className="dim">{session.data?.user.email}</p>
      <TextInput label="Name" required value={name} autoComplete="name" onChange={(e) => setName(e.currentTarget.value)} />
      {notes}
      <div className="row end"><Button type="submit" loading={busy}>Save name</Button></div>
    </form>
  );
}

function Password() {
  const [current, setCurrent] = useState("");
  const [fresh, setFresh] = useState("");
  const { busy, run, notes } = useAction();
  return (
    <form className="card stack" onSubmit={(e) => { e.preventDefault(); void run(async () => { await account("/auth/password", { body: { current, new: fresh } }); setCurrent(""); setFresh(""); }, "The password was changed; your other sessions have ended."); }}>
      <h2>Password</h2>
      <PasswordInput label="Current password" required autoComplete="current-password" value={current} onChange={(e) => setCurrent(e.currentTarget.value)} visibilityToggleButtonProps={{ "aria-label": "Show or hide the current password" }} />
      <PasswordInput label="New password" description="At least 8 characters" required minLength={8} autoComplete="new-password" value={fresh} onChange={(e) => setFresh(e.currentTarget.value)} visibilityToggleButtonProps={{ "aria-label": "Show or hide the new password" }} />
      {notes}
      <div className="row end"><Button type="submit" loading={busy}>Change password</Button></div>
    </form>
  );
}

function SecondFactor() {
  const session = useSession();
  const queries = useQueryClient();
  const on = session.data?.user.hasSecondFactor;
  const [setup, setSetup] = useState<{ secret: string; uri: string } | null>(null);
  const [code, setCode] = useState("");
  const [codes, setCodes] = useState<string[]>([]);
  const [password, setPassword] = useState("");
  const { busy, run, notes } = useAction();
  const again = () => queries.invalidateQueries({ queryKey: ["session"] });
  return (
    <div className="card stack">
      <h2>Second factor {on ? <Badge kind="good">ON</Badge> : <Badge kind="warn">OFF</Badge>}</h2>
      {codes.length > 0 && (
        <div className="notice good">
          <p><strong>Keep these recovery codes.</strong> Each opens your account once when your device is lost. They are not shown again.</p>
          <pre className="text">{codes.join("\n")}</pre>
        </div>
      )}
      {!on && !setup && (
        <>
          <p className="dim">An app on your phone shows six digits that you type after the password.</p>
          <div className="row"><Button loading={busy} onClick={() => run(async () => setSetup(await account("/auth/totp/setup", { method: "POST" })), "")}>Set up</Button></div>
        </>
      )}
      {!on && setup && (
        <form className="stack" onSubmit={(e) => { e.preventDefault(); void run(async () => { const made = await account<{ recoveryCodes: string[] }>("/auth/totp/enable", { body: { code: code.trim() } }); setCodes(made.recoveryCodes); setSetup(null); await again(); }, "The second factor is on."); }}>
          <p>Scan this with your app, or type the secret, then enter the six digits that it shows.</p>
          <QrCode text={setup.uri} />
          <div className="secret">{setup.secret}</div>
          <TextInput label="Code" required inputMode="numeric" autoComplete="one-time-code" value={code} onChange={(e) => setCode(e.currentTarget.value)} />
          <div className="row end"><Button type="submit" loading={busy}>Turn on</Button></div>
        </form>
      )}
      {on && (
        <form className="stack" onSubmit={(e) => { e.preventDefault(); void run(async () => { await account("/auth/totp/disable", { body: { password } }); setPassword(""); setCodes([]); await again(); }, "The second factor is off."); }}>
          <PasswordInput label="Password, to turn it off" required autoComplete="current-password" value={password} onChange={(e) => setPassword(e.currentTarget.value)} visibilityToggleButtonProps={{ "aria-label": "Show or hide the password for turning it off" }} />
          <div className="row end"><Button type="submit" variant="default" loading={busy}>Turn off</Button></div>
        </form>
      )}
      {notes}
    </div>
  );
}

/** Drawn here: the Content-Security-Policy lets no image in that the server did not send. */
function QrCode({ text }: { text: string }) {
  const { data, size } = encode(text);
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return <svg className="qr" role="img" aria-label="QR code of the secret" viewBox={`0 0 ${size} ${size}`} shapeRendering="crispEdges"><path d={path} fill="#000" /></svg>;
}

interface ManageToken { id: number; description: string; created: string; lastUsed: string | null; expires: string | null; scopes: string[]; token?: string }

function ManageTokens() {
  const queries = useQueryClient();
  const tokens = useQuery({ queryKey: ["manage-tokens"], queryFn: () => account<ManageToken[]>("/manage/current-user/tokens") });
  const [open, setOpen] = useState(false);
  const [description, setDescription] = useState("");
  const [days, setDays] = useState<number | "">(90);
  const [readOnly, setReadOnly] = useState(false);
  const [fresh, setFresh] = useState("");
  const { busy, run, notes } = useAction();
  const again = () => queries.invalidateQueries({ queryKey: ["manage-tokens"] });
  return (
    <div className="card stack">
      <div className="row"><h2 style={{ margin: 0 }}>Management tokens</h2><span className="spread" /><Button onClick={() => setOpen(true)}>New management token</Button></div>
      <p className="dim">They work outside projects: organizations, projects, users. For the data of a project use an API token.</p>
      {fresh && <SecretBox value={fresh} label="The management token" />}
      <ErrorNote error={tokens.error} />
      {tokens.data?.length === 0 && <Empty title="No management tokens">Make one for a program that manages projects or users.</Empty>}
      {!!tokens.data?.length && (
        <div className="scroll" tabIndex={0} role="region" aria-label="Management tokens">
          <table className="plain">
            <thead><tr><th>Description</th><th>Scopes</th><th>Created</th><th>Last used</th><th>Expires</th><th><span className="dim">Actions</span></th></tr></thead>
            <tbody>{tokens.data.map((t) => (
              <tr key={t.id}>
                <td>{t.description}</td><td>{t.scopes.join(", ") || "all"}</td><td><When at={t.created} /></td><td><When at={t.lastUsed} /></td><td><When at={t.expires} /></td>
                <td><div className="row">
                  <ConfirmButton label="Refresh" title="Refresh the management token?" confirm="Refresh" act={async () => { setFresh((await account<ManageToken>(`/manage/current-user/tokens/${t.id}/refresh`, { method: "POST" })).token ?? ""); await again(); }}>The old string is refused at once.</ConfirmButton>
                  <ConfirmButton label="Revoke" title="Revoke the management token?" confirm="Revoke" danger act={async () => { await account(`/manage/current-user/tokens/${t.id}`, { method: "DELETE" }); await again(); }}>It is refused at once and can't be brought back.</ConfirmButton>
                </div></td>
              </tr>
            ))}</tbody>
          </table>
        </div>
      )}
      <Modal opened={open} onClose={() => setOpen(false)} title="New management token" closeButtonProps={{ "aria-label": "Close" }}>
        <form className="stack" onSubmit={(e) => { e.preventDefault(); void run(async () => {
          const body = { description, expiresIn: days ? Number(days) * 86400 : undefined, scopes: readOnly ? ["read-only"] : [] };
          setFresh((await account<ManageToken>("/manage/current-user/tokens", { body })).token ?? "");
          setOpen(false);
          await again();
        }, ""); }}>
          <TextInput label="Description" required value={description} onChange={(e) => setDescription(e.currentTarget.value)} />
          <NumberInput label="Expires in, days" description="Empty: never" min={1} max={3650} hideControls value={days} onChange={(v) => setDays(v === "" ? "" : Number(v))} />
          <Checkbox label="Only for reading" checked={readOnly} onChange={(e) => setReadOnly(e.currentTarget.checked)} />
          {notes}
          <div className="row end"><Button type="submit" loading={busy}>Create</Button></div>
        </form>
      </Modal>
    </div>
  );
}

interface MyInvitation { id: number; created: string; role?: string; project?: { name: string }; organization?: { name: string } }

function Invitations() {
  const queries = useQueryClient();
  const kinds = ["projects", "organizations"] as const;
  const lists = useQuery({
    queryKey: ["my-invitations"],
    queryFn: async () => (await Promise.all(kinds.map(async (kind) => (await account<MyInvitation[]>(`/manage/current-user/${kind}-invitations`)).map((i) => ({ ...i, kind }))))).flat(),
  });
  const { run, notes } = useAction();
  const answer = (kind: string, id: number, method: "PUT" | "DELETE") => run(async () => {
    await account(`/manage/current-user/${kind}-invitations/${id}`, { method });
    await queries.invalidateQueries({ queryKey: ["my-invitations"] });
    await queries.invalidateQueries({ queryKey: ["session"] });
  }, method === "PUT" ? "Accepted." : "Declined.");
  return (
    <div className="card stack">
      <h2>My invitations</h2>
      <ErrorNote error={lists.error} />
      {notes}
      {lists.data?.length === 0 && <Empty title="No invitations">Nothing waits for your answer.</Empty>}
      {lists.data?.map((i) => (
        <div className="row" key={i.kind + i.id}>
          <span>{i.project ? <>Project <strong>{i.project.name}</strong>{i.role && <> as {i.role}</>}</> : <>Organization <strong>{i.organization?.name}</strong></>}, <When at={i.created} /></span>
          <span className="spread" />
          <Button size="xs" onClick={() => answer(i.kind, i.id, "PUT")}>Accept</Button>
          <Button size="xs" variant="default" onClick={() => answer(i.kind, i.id, "DELETE")}>Decline</Button>
        </div>
      ))}
    </div>
  );
}
