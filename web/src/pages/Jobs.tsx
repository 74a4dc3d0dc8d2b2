import { Button, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { Job } from "../api";
import { Badge, Empty, ErrorNote, Loading, When } from "../components/bits";
import { usePlace } from "../components/context";

const STATUS = { waiting: "note", processing: "warn", success: "good", error: "bad" } as const;
const PAGE = 50;

export default function Jobs() {
  const { client } = usePlace();
  const [offset, setOffset] = useState(0);
  const [shown, setShown] = useState<Job | null>(null);
  const jobs = useQuery({
    queryKey: [client.key, "jobs", offset],
    queryFn: ({ signal }) => client.call<Job[]>("jobs", { query: { limit: PAGE, offset }, signal }),
    refetchInterval: (query) => (query.state.data?.some((j) => j.status === "waiting" || j.status === "processing") ? 1_000 : 10_000),
  });
  const list = jobs.data ?? [];
  return (
    <>
      <div className="head"><h1>Jobs</h1></div>
      <div className="card stack">
        <ErrorNote error={jobs.error} />
        {jobs.isPending && <Loading />}
        {jobs.isSuccess && list.length === 0 && <Empty title="No jobs">Loads and exports of tables run as jobs and are listed here.</Empty>}
        {list.length > 0 && (
          <div className="scroll" tabIndex={0} role="region" aria-label="Jobs">
            <table className="plain">
              <thead><tr><th>Job</th><th>Operation</th><th>Table</th><th>Status</th><th>Created</th><th>By</th></tr></thead>
              <tbody>{list.map((job) => (
                <tr key={job.id}>
                  <td><Button variant="subtle" size="compact-sm" onClick={() => setShown(job)}>{job.id}</Button></td>
                  <td>{job.operationName}</td><td><code>{job.tableId}</code></td><td><Badge kind={STATUS[job.status]}>{job.status.toUpperCase()}</Badge></td>
                  <td><When at={job.createdTime} /></td><td>{job.creatorToken?.description}</td>
                </tr>
              ))}</tbody>
            </table>
          </div>
        )}
        <div className="row end">
          {offset > 0 && <Button variant="default" onClick={() => setOffset(offset - PAGE)}>Newer</Button>}
          {list.length === PAGE && <Button variant="default" onClick={() => setOffset(offset + PAGE)}>Older</Button>}
        </div>
      </div>
      <Modal opened={shown !== null} onClose={() => setShown(null)} title={`Job ${shown?.id ?? ""}`} size="lg" closeButtonProps={{ "aria-label": "Close" }}>
        {shown?.error && <div className="notice bad"><p><strong>{shown.error.message}</strong></p><p className="small">{shown.error.code}</p></div>}
        <pre className="text">{JSON.stringify(shown, null, 2)}</pre>
      </Modal>
    </>
  );
}
