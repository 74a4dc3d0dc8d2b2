import { Button, Modal, NativeSelect, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router-dom";

import { account } from "../api";
import { Empty, ErrorNote, Loading, When } from "../components/bits";
import { useSession } from "../components/Frame";

interface Organization { id: number; name: string; created: string }

export default function Organizations() {
  const session = useSession();
  const list = useQuery({ queryKey: ["organizations"], queryFn: () => account<Organization[]>("/manage/organizations") });
  return (
    <>
      <div className="head"><h1>Organizations</h1><span className="spread" />{session.data?.user.isSuper && <NewOrganization />}</div>
      <div className="card stack">
        <ErrorNote error={list.error} />
        {list.isPending && <Loading />}
        {list.data?.length === 0 && <Empty title="You are in no organization">Ask a member of one to invite you.</Empty>}
        {!!list.data?.length && (
          <table className="plain">
            <thead><tr><th>Organization</th><th>Created</th></tr></thead>
            <tbody>{list.data.map((o) => <tr key={o.id}><td><Link to={`/organizations/${o.id}`}>{o.name}</Link></td><td><When at={o.created} /></td></tr>)}</tbody>
          </table>
        )}
      </div>
    </>
  );
}

function NewOrganization() {
  const queries = useQueryClient();
  const maintainers = useQuery({ queryKey: ["maintainers"], queryFn: () => account<{ id: number; name: string }[]>("/manage/maintainers") });
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [maintainer, setMaintainer] = useState("");
  const [error, setError] = useState<unknown>(null);
  const chosen = maintainer || String(maintainers.data?.[0]?.id ?? "");
  async function go(event: React.FormEvent) {
    event.preventDefault();
    setError(null);
    try {
      await account(`/manage/maintainers/${chosen}/organizations`, { body: { name } });
      await queries.invalidateQueries({ queryKey: ["organizations"] });
      setOpen(false);
    } catch (caught) {
      setError(caught);
    }
  }
  return (
    <>
      <Button onClick={() => setOpen(true)}>New organization</Button>
      <Modal opened={open} onClose={() => setOpen(false)} title="New organization" closeButtonProps={{ "aria-label": "Close" }}>
        <form className="stack" onSubmit={go}>
          <TextInput label="Name" required value={name} onChange={(e) => setName(e.currentTarget.value)} />
          <NativeSelect label="Maintainer" value={chosen} onChange={(e) => setMaintainer(e.currentTarget.value)} data={(maintainers.data ?? []).map((m) => ({ value: String(m.id), label: m.name }))} />
          <ErrorNote error={error} />
          <div className="row end"><Button type="submit" disabled={!chosen}>Create</Button></div>
        </form>
      </Modal>
    </>
  );
}
