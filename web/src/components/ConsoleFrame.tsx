// The Storage Console: for whoever holds a token. The token is kept in this tab, or, when the user says so, in this browser.
import { Button, Checkbox, PasswordInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { NavLink, Outlet } from "react-router-dom";

import { ApiError, tokenClient } from "../api";
import type { Token } from "../types";
import { Badge, ErrorNote, Loading } from "./bits";
import { PlaceContext } from "./context";
import { Brand, SchemeButton } from "./Frame";

const KEPT = "chatelaine.console.token";

function readKept() {
  return sessionStorage.getItem(KEPT) ?? localStorage.getItem(KEPT) ?? "";
}

function forget() {
  sessionStorage.removeItem(KEPT);
  localStorage.removeItem(KEPT);
}

export function ConsoleFrame() {
  const [token, setToken] = useState(readKept);
  const queries = useQueryClient();
  function leave() {
    forget();
    queries.clear();
    setToken("");
  }
  return token ? <Inside token={token} leave={leave} /> : <Door enter={setToken} />;
}

function Door({ enter }: { enter: (token: string) => void }) {
  const [text, setText] = useState("");
  const [remember, setRemember] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  async function go(event: React.FormEvent) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    const token = text.trim();
    try {
      await tokenClient(token).call("tokens/verify");
      (remember ? localStorage : sessionStorage).setItem(KEPT, token);
      enter(token);
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  }
  return (
    <main className="narrow">
      <div className="row"><Brand to="/console">Storage Console</Brand><span className="spread" /><SchemeButton /></div>
      <form className="card stack" onSubmit={go} style={{ marginTop: "1rem" }}>
        <h1>Open with a token</h1>
        <PasswordInput label="API token" description="Three parts with dashes, as you were given it" value={text} autoComplete="off"
          onChange={(e) => setText(e.currentTarget.value)} required visibilityToggleButtonProps={{ "aria-label": "Show or hide the token" }} />
        <Checkbox label="Remember me" checked={remember} onChange={(e) => setRemember(e.currentTarget.checked)}
          description={remember
            ? "The token will be kept in this browser's local storage until you leave the console: anybody who uses this browser profile can use it."
            : "The token is kept in this tab only and is gone when you close it."} />
        <ErrorNote error={error} />
        <Button type="submit" loading={busy} disabled={!text.trim()}>Open</Button>
        <p className="dim small">The console shows exactly what the token may see. People with an account <a href="/login">sign in here</a>.</p>
      </form>
    </main>
  );
}

function Inside({ token, leave }: { token: string; leave: () => void }) {
  const client = useMemo(() => tokenClient(token), [token]);
  const me = useQuery({ queryKey: [client.key, "verify"], queryFn: () => client.call<Token>("tokens/verify") });
  const refused = me.error instanceof ApiError && me.error.status === 401;
  return (
    <>
      <header className="top">
        <a className="skip" href="#content">Skip to the content</a>
        <div className="top-row">
          <Brand to="/console">Storage Console</Brand>
          {me.data && <span className="dim">{me.data.owner?.name}: {me.data.description}</span>}
          {me.data?.isMasterToken && <Badge kind="warn">MASTER</Badge>}
          <span className="spread" />
          <SchemeButton />
          <Button variant="default" size="xs" onClick={leave}>Leave</Button>
        </div>
        <nav className="tabs" aria-label="Console">
          <NavLink to="/console" end>Events</NavLink>
          <NavLink to="/console/storage">Buckets</NavLink>
          <NavLink to="/console/files">Files</NavLink>
          <NavLink to="/console/jobs">Jobs</NavLink>
        </nav>
      </header>
      <main id="content">
        {me.isPending && <Loading />}
        <ErrorNote error={me.error} />
        {refused && <p>The token was refreshed, has expired or was deleted. <Button variant="default" size="xs" onClick={leave}>Use another token</Button></p>}
        {me.data && <PlaceContext.Provider value={{ client, base: "/console", me: me.data }}><Outlet /></PlaceContext.Provider>}
      </main>
    </>
  );
}
