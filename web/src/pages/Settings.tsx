// Settings of the project: name, retention, token policy; features and limits as they are.
import { Button, NumberInput, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useParams } from "react-router-dom";

import { account } from "../api";
import { Empty, ErrorNote, Loading, When } from "../components/bits";
import { useSession } from "../components/Frame";

interface Project {
  id: number; name: string; created: string; type: string; features: string[]; limits: Record<string, { name: string; value: number }>;
  eventsKeepDays: number; tokenMaxLifeSeconds: number;
}

export default function Settings() {
  const { projectId = "" } = useParams();
  const project = useQuery({ queryKey: ["project", projectId], queryFn: () => account<Project>(`/manage/projects/${projectId}`) });
  if (project.isPending) return <Loading />;
  if (project.error) return <ErrorNote error={project.error} />;
  return <Form key={project.dataUpdatedAt} project={project.data} />;
}

function Form({ project }: { project: Project }) {
  const queries = useQueryClient();
  const session = useSession();
  const mine = session.data?.projects.find((p) => p.id === project.id)?.role;
  const manages = mine === "admin" || mine === "share" || !!session.data?.user.isSuper;
  const [name, setName] = useState(project.name);
  const [keepDays, setKeepDays] = useState<number | "">(project.eventsKeepDays || "");
  const [lifeDays, setLifeDays] = useState<number | "">(project.tokenMaxLifeSeconds ? project.tokenMaxLifeSeconds / 86400 : "");
  const [saved, setSaved] = useState(false);
  const [error, setError] = useState<unknown>(null);
  async function go(event: React.FormEvent) {
    event.preventDefault();
    setError(null);
    setSaved(false);
    try {
      await account(`/manage/projects/${project.id}`, {
        method: "PATCH", body: { name, eventsKeepDays: keepDays || 0, tokenMaxLifeSeconds: lifeDays ? Math.round(Number(lifeDays) * 86400) : 0 },
      });
      setSaved(true);
      await queries.invalidateQueries({ queryKey: ["session"] });
    } catch (caught) {
      setError(caught);
    }
  }
  const limits = Object.values(project.limits ?? {});
  return (
    <>
      <div className="head"><h1>Project settings</h1></div>
      <div className="two">
        <form className="card stack" onSubmit={go}>
          <h2>Project</h2>
          <dl className="facts"><dt>Id</dt><dd>{project.id}</dd><dt>Created</dt><dd><When at={project.created} /></dd></dl>
          <TextInput label="Name" required maxLength={255} disabled={!manages} value={name} onChange={(e) => setName(e.currentTarget.value)} />
          <NumberInput label="Keep events for, days" description="Empty: the server's standard, 6 months" min={1} max={36500} disabled={!manages} value={keepDays} hideControls onChange={(v) => setKeepDays(v === "" ? "" : Number(v))} />
          <NumberInput label="Longest life of a new token, days" description="Empty: no limit. Tokens that exist stay as they are" min={0} max={36500} disabled={!manages} value={lifeDays} hideControls onChange={(v) => setLifeDays(v === "" ? "" : Number(v))} />
          <ErrorNote error={error} />
          {saved && <div className="notice good" role="status">Saved.</div>}
          {manages && <div className="row end"><Button type="submit">Save</Button></div>}
        </form>
        <div>
          <div className="card"><h2>Features</h2>{project.features.length ? <ul className="plain-list">{project.features.map((f) => <li key={f}><code>{f}</code></li>)}</ul> : <Empty title="None">The server's operators switch features on.</Empty>}</div>
          <div className="card"><h2>Limits</h2>
            {limits.length ? <dl className="facts">{limits.map((l) => [<dt key={l.name}>{l.name}</dt>, <dd key={l.name + "v"}>{l.value.toLocaleString()}</dd>])}</dl> : <Empty title="No special limits" />}
          </div>
        </div>
      </div>
    </>
  );
}
