import { TextInput } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router-dom";

import { Empty } from "../components/bits";
import { useSession } from "../components/Frame";

const MOST = 500;

export default function Projects() {
  const session = useSession();
  const [text, setText] = useState("");
  const projects = session.data?.projects ?? [];
  const wanted = text.trim().toLowerCase();
  const shown = projects.filter((p) => !wanted || p.name.toLowerCase().includes(wanted) || String(p.id) === wanted);
  return (
    <>
      <div className="head"><h1>Projects</h1></div>
      <div className="card stack">
        {projects.length > 8 && <TextInput label="Find a project" value={text} onChange={(e) => setText(e.currentTarget.value)} />}
        {projects.length === 0 && <Empty title="You are in no project yet">Accept an invitation under <Link to="/account">My account</Link>, or make a project in one of your <Link to="/organizations">organizations</Link>.</Empty>}
        {shown.length > 0 && (
          <div className="scroll" tabIndex={0} role="region" aria-label="Projects">
            <table className="plain">
              <thead><tr><th>Project</th><th>Organization</th><th>Your role</th><th>Id</th></tr></thead>
              <tbody>{shown.slice(0, MOST).map((p) => (
                <tr key={p.id}><td><Link to={`/projects/${p.id}/tokens`}>{p.name}</Link></td><td>{p.organizationName}</td><td>{p.role}</td><td>{p.id}</td></tr>
              ))}</tbody>
            </table>
          </div>
        )}
      </div>
    </>
  );
}
