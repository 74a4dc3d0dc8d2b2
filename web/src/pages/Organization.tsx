// One organization: its projects and members.
import { Button, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useParams } from "react-router-dom";

import { account } from "../api";
import { ConfirmButton, Empty, ErrorNote, Loading } from "../components/bits";
import { useSession } from "../components/Frame";

interface Detail { id: number; name: string; projects: { id: number; name: string }[] }

export default function Organization() {
  const { organizationId = "" } = useParams();
  const session = useSession();
  const queries = useQueryClient();
  const detail = useQuery({ queryKey: ["organization", organizationId], queryFn: () => account<Detail>(`/manage/organizations/${organizationId}`) });
  const members = useQuery({ queryKey: ["organization-users", organizationId], queryFn: () => account<{ id: number; name: string; email: string }[]>(`/manage/organizations/${organizationId}/users`) });
  const [project, setProject] = useState("");
  const [email, setEmail] = useState("");
  const [said, setSaid] = useState("");
  const [error, setError] = useState<unknown>(null);
  if (detail.isPending) return <Loading />;
  if (detail.error) return <ErrorNote error={detail.error} />;
  const o = detail.data;
  async function attempt(act: () => Promise<unknown>, done: string) {
    setError(null);
    setSaid("");
    try {
      await act();
      setSaid(done);
      await queries.invalidateQueries({ queryKey: ["organization", organizationId] });
      await queries.invalidateQueries({ queryKey: ["organization-users", organizationId] });
      await queries.invalidateQueries({ queryKey: ["session"] });
    } catch (caught) {
      setError(caught);
    }
  }
  return (
    <>
      <div className="small"><Link to="/organizations">Organizations</Link></div>
      <div className="head"><h1>{o.name}</h1></div>
      <ErrorNote error={error} />
      {said && <div className="notice good" role="status">{said}</div>}
      <div className="two">
        <div className="card stack">
          <h2>Projects</h2>
          {o.projects.length === 0 && <Empty title="No projects yet">Make the first one below.</Empty>}
          <ul className="plain-list">{o.projects.map((p) => (
            <li key={p.id}>{session.data?.projects.some((m) => m.id === p.id) ? <Link to={`/projects/${p.id}/tokens`}>{p.name}</Link> : p.name} <span className="dim small">id {p.id}</span></li>
          ))}</ul>
          <form className="row top-aligned" onSubmit={(e) => { e.preventDefault(); void attempt(async () => { await account(`/manage/organizations/${o.id}/projects`, { body: { name: project } }); setProject(""); }, "The project was made; you are its first admin."); }}>
            <TextInput label="New project" required value={project} onChange={(e) => setProject(e.currentTarget.value)} />
            <Button type="submit">Create project</Button>
          </form>
        </div>
        <div className="card stack">
          <h2>Members</h2>
          <ErrorNote error={members.error} />
          {members.data?.map((m) => (
            <div className="row" key={m.id}>
              <span>{m.name} <span className="dim">{m.email}</span></span><span className="spread" />
              <ConfirmButton label={m.id === session.data?.user.id ? "Leave" : "Remove"} title="End the membership?" confirm="End membership" danger
                act={async () => { await account(`/manage/organizations/${o.id}/users/${m.id}`, { method: "DELETE" }); await queries.invalidateQueries({ queryKey: ["organization-users", organizationId] }); }}>
                {m.email} no longer manages the organization. Memberships in its projects stay.
              </ConfirmButton>
            </div>
          ))}
          <form className="row top-aligned" onSubmit={(e) => { e.preventDefault(); void attempt(async () => { await account(`/manage/organizations/${o.id}/invitations`, { body: { email } }); setEmail(""); }, "The invitation was sent."); }}>
            <TextInput label="Invite by e-mail" type="email" required value={email} onChange={(e) => setEmail(e.currentTarget.value)} />
            <Button type="submit">Invite</Button>
          </form>
        </div>
      </div>
    </>
  );
}
