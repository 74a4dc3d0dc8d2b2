import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router-dom";

import { ErrorNote, SecretBox, When } from "../components/bits";
import { usePlace } from "../components/context";
import { SendToken } from "../components/SendToken";
import { bodyOf, NO_PERMISSIONS, summary, TokenFieldset } from "../components/TokenForm";
import type { Token } from "../types";

const PRESETS = [
  { value: "", label: "Never" }, { value: "3600", label: "1 hour" }, { value: "86400", label: "1 day" }, { value: "604800", label: "7 days" },
  { value: "2592000", label: "30 days" }, { value: "7776000", label: "90 days" }, { value: "31536000", label: "1 year" }, { value: "date", label: "On a date…" },
];

export default function TokenNew() {
  const { client, base } = usePlace();
  const queries = useQueryClient();
  const [fields, setFields] = useState(NO_PERMISSIONS);
  const [life, setLife] = useState("");
  const [date, setDate] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [made, setMade] = useState<Token | null>(null);
  const expiresIn = life === "date" ? (date ? Math.floor((new Date(date).getTime() - Date.now()) / 1000) : undefined) : life ? Number(life) : undefined;

  async function create(event: React.FormEvent) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const body = { ...bodyOf(fields), ...(fields.fullAccess ? { canManageBuckets: true } : {}), expiresIn };
      setMade(await client.call<Token>("tokens", { body }));
      await queries.invalidateQueries({ queryKey: [client.key, "tokens"] });
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  }

  if (made) return <Made token={made} />;
  return (
    <>
      <div className="head"><h1>New token</h1><span className="spread" /><Link to={`${base}/tokens`}>All tokens</Link></div>
      <form className="card stack" onSubmit={create}>
        <TokenFieldset value={fields} change={setFields} />
        <div className="row top-aligned">
          <NativeSelect label="Expires in" value={life} onChange={(e) => setLife(e.currentTarget.value)} data={PRESETS} />
          {life === "date" && <TextInput label="Expires on" type="datetime-local" required value={date} onChange={(e) => setDate(e.currentTarget.value)} />}
        </div>
        <div className="notice note" data-testid="summary">
          <strong>What this token will be able to do</strong>
          <ul className="plain-list">
            {summary(fields).map((line) => <li key={line}>{line}</li>)}
            <li>{expiresIn && expiresIn > 0 ? <>It stops working <When at={new Date(Date.now() + expiresIn * 1000).toISOString()} />.</> : "It works until somebody deletes, disables or refreshes it."}</li>
          </ul>
        </div>
        <ErrorNote error={error} />
        <div className="row end"><Button type="submit" loading={busy} disabled={!fields.description.trim()}>Create token</Button></div>
      </form>
    </>
  );
}

function Made({ token }: { token: Token }) {
  const { base } = usePlace();
  return (
    <>
      <div className="head"><h1>Token created</h1></div>
      <div className="card stack">
        <p><strong>{token.description}</strong>: copy the token now. It is kept nowhere in the clear and can't be shown later.</p>
        <SecretBox value={token.token ?? ""} label="The new token" />
        <div className="row"><SendToken tokenId={token.id} /><span className="spread" /><Link to={`${base}/tokens/${token.id}`}>Detail</Link><Link to={`${base}/tokens`}>All tokens</Link></div>
      </div>
    </>
  );
}
