// Forgotten passwords: asks for the address, or, with the mailed link, for the new password.
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { Link, useNavigate } from "react-router-dom";

import { account } from "../api";
import { ErrorNote } from "../components/bits";
import { Brand, SchemeButton } from "../components/Frame";
import { useLinkToken } from "../link";

export default function ResetPassword() {
  const token = useLinkToken();
  return (
    <main className="narrow">
      <div className="row"><Brand to="/login" /><span className="spread" /><SchemeButton /></div>
      <div className="card" style={{ marginTop: "1rem" }}>{token ? <Choose token={token} /> : <Ask />}</div>
    </main>
  );
}

function Ask() {
  const [email, setEmail] = useState("");
  const [sent, setSent] = useState(false);
  const [error, setError] = useState<unknown>(null);
  async function go(event: React.FormEvent) {
    event.preventDefault();
    setError(null);
    try {
      await account("/auth/reset", { body: { email } });
      setSent(true);
    } catch (caught) {
      setError(caught);
    }
  }
  return (
    <form className="stack" onSubmit={go}>
      <h1>Reset the password</h1>
      {sent ? <div className="notice good" role="status">If there is an account with this address, a link is on its way. It works for one hour.</div> : (
        <>
          <TextInput label="E-mail" type="email" required value={email} onChange={(e) => setEmail(e.currentTarget.value)} />
          <ErrorNote error={error} />
          <Button type="submit">Send the link</Button>
        </>
      )}
      <Link to="/login">Back to sign-in</Link>
    </form>
  );
}

function Choose({ token }: { token: string }) {
  const navigate = useNavigate();
  const [password, setPassword] = useState("");
  const [error, setError] = useState<unknown>(null);
  async function go(event: React.FormEvent) {
    event.preventDefault();
    setError(null);
    try {
      await account("/auth/reset/confirm", { body: { token, password } });
      navigate("/login", { replace: true });
    } catch (caught) {
      setError(caught);
    }
  }
  return (
    <form className="stack" onSubmit={go}>
      <h1>Choose a new password</h1>
      <PasswordInput label="New password" description="At least 8 characters; every open session of yours ends" required minLength={8} autoComplete="new-password" value={password}
        onChange={(e) => setPassword(e.currentTarget.value)} visibilityToggleButtonProps={{ "aria-label": "Show or hide the password" }} />
      <ErrorNote error={error} />
      <Button type="submit">Save the password</Button>
    </form>
  );
}
