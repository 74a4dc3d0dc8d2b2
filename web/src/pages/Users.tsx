// Members of the project, their roles, and invitations that wait for an answer.
import { Button, Modal, NativeSelect, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useParams } from "react-router-dom";

import { account } from "../api";
import { Badge, ConfirmButton, Empty, ErrorNote, Loading, When } from "../components/bits";
import { useSession } from "../components/Frame";

export interface Member { id: number; name: string; email: string; role: string; created: string; isActivated?: boolean }
export interface Invited { id: number; created: string; expires?: string | null; role?: string; user: { email: string }; creator?: { name: string } | null }

const ROLES = [
  { value: "admin", label: "admin: everything" }, { value: "share", label: "share: everything, and shares buckets" },
  { value: "guest", label: "guest: works with data, makes only minimal tokens" }, { value: "readOnly", label: "readOnly: reads everything, changes nothing" },
];

export default function Users() {
  const { projectId = "" } = useParams();
  const session = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const members = useQuery({ queryKey: ["members", projectId], queryFn: () => account<Member[]>(`/manage/projects/${projectId}/users`) });
  const invitations = useQuery({ queryKey: ["invitations", projectId], queryFn: () => account<Invited[]>(`/manage/projects/${projectId}/invitations`) });
  const mine = session.data?.projects.find((p) => String(p.id) === projectId)?.role;
  const manages = mine === "admin" || mine === "share" || !!session.data?.user.isSuper;
  const again = () => Promise.all([queries.invalidateQueries({ queryKey: ["members", projectId] }), queries.invalidateQueries({ queryKey: ["invitations", projectId] })]);
  async function leave(userId: number) {
    await account(`/manage/projects/${projectId}/users/${userId}`, { method: "DELETE" });
    queries.clear();
    navigate("/");
  }
  return (
    <>
      <div className="head"><h1>Users</h1><span className="spread" />{manages && <Invite projectId={projectId} done={again} />}</div>
      <div className="card stack">
        <ErrorNote error={members.error} />
        {members.isPending && <Loading />}
        {members.data && (
          <div className="scroll" tabIndex={0} role="region" aria-label="Members">
            <table className="plain">
              <thead><tr><th>Name</th><th>E-mail</th><th>Role</th><th>Member since</th><th><span className="dim">Action</span></th></tr></thead>
              <tbody>{members.data.map((m) => {
                const self = m.id === session.data?.user.id;
                return (
                  <tr key={m.id}>
                    <td>{m.name} {self && <Badge kind="note">YOU</Badge>}</td><td>{m.email}</td>
                    <td>{manages && !self ? <RoleSelect projectId={projectId} member={m} done={again} /> : m.role}</td>
                    <td><When at={m.created} /></td>
                    <td>{self ? (
                      <ConfirmButton label="Leave" title="Leave the project?" confirm="Leave project" danger act={() => leave(m.id)}>Your master token in this project dies at once, everywhere. Somebody has to invite you again to come back.</ConfirmButton>
                    ) : manages && (
                      <ConfirmButton label="Remove" title={`Remove ${m.email}?`} confirm="Remove" danger
                        act={async () => { await account(`/manage/projects/${projectId}/users/${m.id}`, { method: "DELETE" }); await again(); }}>
                        Their master token dies at once, everywhere, and with it their sessions in this project. Tokens that they made for others go on working.
                      </ConfirmButton>
                    )}</td>
                  </tr>
                );
              })}</tbody>
            </table>
          </div>
        )}
      </div>
      <div className="card stack">
        <h2>Pending invitations</h2>
        <ErrorNote error={invitations.error} />
        {invitations.data?.length === 0 && <Empty title="Nobody is waiting">Invited people are listed here until they accept.</Empty>}
        {!!invitations.data?.length && (
          <div className="scroll" tabIndex={0} role="region" aria-label="Pending invitations">
            <table className="plain">
              <thead><tr><th>E-mail</th><th>Role</th><th>Invited</th><th><span className="dim">Action</span></th></tr></thead>
              <tbody>{invitations.data.map((i) => (
                <tr key={i.id}><td>{i.user.email}</td><td>{i.role}</td><td><When at={i.created} /></td>
                  <td>{manages && <ConfirmButton label="Cancel invitation" title="Cancel the invitation?" confirm="Cancel invitation"
                    act={async () => { await account(`/manage/projects/${projectId}/invitations/${i.id}`, { method: "DELETE" }); await again(); }}>The link in the mail stops working.</ConfirmButton>}</td></tr>
              ))}</tbody>
            </table>
          </div>
        )}
      </div>
    </>
  );
}

function RoleSelect({ projectId, member, done }: { projectId: string; member: Member; done: () => Promise<unknown> }) {
  const [error, setError] = useState<unknown>(null);
  async function change(role: string) {
    setError(null);
    try {
      await account(`/manage/projects/${projectId}/users/${member.id}`, { method: "PATCH", body: { role } });
      await done();
    } catch (caught) {
      setError(caught);
    }
  }
  return (
    <>
      <NativeSelect aria-label={`Role of ${member.email}`} size="xs" value={member.role} onChange={(e) => change(e.currentTarget.value)} data={ROLES.map((r) => r.value)} />
      <ErrorNote error={error} />
    </>
  );
}

function Invite({ projectId, done }: { projectId: string; done: () => Promise<unknown> }) {
  const [open, setOpen] = useState(false);
  const [email, setEmail] = useState("");
  const [role, setRole] = useState("admin");
  const [error, setError] = useState<unknown>(null);
  async function go(event: React.FormEvent) {
    event.preventDefault();
    setError(null);
    try {
      await account(`/manage/projects/${projectId}/invitations`, { body: { email, role } });
      await done();
      setOpen(false);
      setEmail("");
    } catch (caught) {
      setError(caught);
    }
  }
  return (
    <>
      <Button onClick={() => setOpen(true)}>Invite</Button>
      <Modal opened={open} onClose={() => setOpen(false)} title="Invite somebody" closeButtonProps={{ "aria-label": "Close" }}>
        <form className="stack" onSubmit={go}>
          <p className="dim">They get a mail with a link. Once they accept, they have a master token of their own here.</p>
          <TextInput label="E-mail" type="email" required value={email} onChange={(e) => setEmail(e.currentTarget.value)} />
          <NativeSelect label="Role" value={role} onChange={(e) => setRole(e.currentTarget.value)} data={ROLES} />
          <ErrorNote error={error} />
          <div className="row end"><Button type="submit">Send invitation</Button></div>
        </form>
      </Modal>
    </>
  );
}
