// Where the link of an invitation leads: sets a password for a new user, or tells a known one to sign in and accept.
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate } from "react-router-dom";

import { account } from "../api";
import { ErrorNote, Loading } from "../components/bits";
import { Brand, SchemeButton } from "../components/Frame";
import { useLinkToken } from "../link";

interface Invitation { email: string; name?: string; projectName?: string; organizationName?: string; role?: string; userExists: boolean }

export default function Activate() {
  const token = useLinkToken();
  const invitation = useQuery({ queryKey: ["invitation", token], queryFn: () => account<Invitation>("/auth/invitation", { body: { token } }), retry: false });
  return (
    <main className="narrow">
      <div className="row"><Brand to="/login" /><span className="spread" /><SchemeButton /></div>
      <div className="card stack" style={{ marginTop: "1rem" }}>
        <h1>Welcome</h1>
        {invitation.isPending && <Loading />}
        {invitation.error && <><ErrorNote error={invitation.error} /><p className="dim">Ask whoever invited you for a new link.</p></>}
        {invitation.data && (invitation.data.userExists ? <Known invitation={invitation.data} /> : <NewUser invitation={invitation.data} token={token} />)}
      </div>
    </main>
  );
}

function where(invitation: Invitation) {
  if (invitation.projectName) return <>to the project <strong>{invitation.projectName}</strong>{invitation.role && <> as {invitation.role}</>}</>;
  if (invitation.organizationName) return <>to the organization <strong>{invitation.organizationName}</strong></>;
  return <>to use Chatelaine</>;
}

function Known({ invitation }: { invitation: Invitation }) {
  return <p>You were invited {where(invitation)}. <Link to="/login?next=/account">Sign in as {invitation.email}</Link> and accept it under <em>My invitations</em>.</p>;
}

function NewUser({ invitation, token }: { invitation: Invitation; token: string }) {
  const navigate = useNavigate();
  const [name, setName] = useState(invitation.name ?? "");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  async function go(event: React.FormEvent) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await account("/auth/activate", { body: { token, name, password } });
      navigate("/login", { replace: true });
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  }
  return (
    <form className="stack" onSubmit={go}>
      <p>You were invited {where(invitation)}. Choose a password for {invitation.email}.</p>
      <TextInput label="Name" required value={name} autoComplete="name" onChange={(e) => setName(e.currentTarget.value)} />
      <PasswordInput label="Password" description="At least 8 characters" required minLength={8} autoComplete="new-password" value={password} onChange={(e) => setPassword(e.currentTarget.value)}
        visibilityToggleButtonProps={{ "aria-label": "Show or hide the password" }} />
      <ErrorNote error={error} />
      <Button type="submit" loading={busy}>Activate account</Button>
    </form>
  );
}
