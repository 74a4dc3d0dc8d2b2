import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router-dom";

import { account, ApiError } from "../api";
import { ErrorNote } from "../components/bits";
import { Brand, SchemeButton } from "../components/Frame";

export default function SignIn() {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [search] = useSearchParams();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [wantsCode, setWantsCode] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  async function go(event: React.FormEvent) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await account("/auth/login", { body: { email, password, code: code.trim() || undefined } });
      queries.clear();
      const next = search.get("next") ?? "/";
      navigate(next.startsWith("/") && !next.startsWith("//") ? next : "/", { replace: true });
    } catch (caught) {
      if (caught instanceof ApiError && caught.code === "auth.secondFactorRequired") setWantsCode(true);
      else setError(caught);
    } finally {
      setBusy(false);
    }
  }
  return (
    <main className="narrow">
      <div className="row"><Brand to="/login" /><span className="spread" /><SchemeButton /></div>
      <form className="card stack" onSubmit={go} style={{ marginTop: "1rem" }}>
        <h1>Sign in</h1>
        <TextInput label="E-mail" type="email" autoComplete="username" required value={email} onChange={(e) => setEmail(e.currentTarget.value)} />
        <PasswordInput label="Password" autoComplete="current-password" required value={password} onChange={(e) => setPassword(e.currentTarget.value)}
          visibilityToggleButtonProps={{ "aria-label": "Show or hide the password" }} />
        {wantsCode && (
          <TextInput label="Code of your second factor" description="Six digits from your app, or a recovery code" inputMode="text" autoComplete="one-time-code" autoFocus required
            value={code} onChange={(e) => setCode(e.currentTarget.value)} />
        )}
        <ErrorNote error={error} />
        <Button type="submit" loading={busy}>Sign in</Button>
        <p className="small"><Link to="/reset">Forgot the password?</Link></p>
        <p className="dim small">Have an API token instead of an account? It opens the <Link to="/console">Storage Console</Link>.</p>
      </form>
    </main>
  );
}
