// Small pieces that every page uses.
import { Button, CopyButton, Loader, Modal } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { ApiError } from "../api";

/** A date in the reader's own time, short; the exact time on hover. */
export function When({ at, none = "never" }: { at: string | null | undefined; none?: string }) {
  if (!at) return <span className="dim">{none}</span>;
  const date = new Date(at.replace(/([+-]\d\d)(\d\d)$/, "$1:$2"));
  const sameYear = date.getFullYear() === new Date().getFullYear();
  const short = date.toLocaleString(undefined, {
    year: sameYear ? undefined : "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
  });
  return <time dateTime={at} title={date.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" })}>{short}</time>;
}

export function moment(at: string) {
  return new Date(at.replace(/([+-]\d\d)(\d\d)$/, "$1:$2")).getTime();
}

export function bytes(count: number | null | undefined) {
  if (count === null || count === undefined) return "";
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toLocaleString(undefined, { maximumFractionDigits: unit ? 1 : 0 })} ${units[unit]}`;
}

export function count(value: number | null | undefined, one: string, many = one + "s") {
  if (value === null || value === undefined) return "";
  return `${value.toLocaleString()} ${value === 1 ? one : many}`;
}

export function Badge({ kind, children }: { kind: "good" | "warn" | "bad" | "note"; children: ReactNode }) {
  return <span className={`badge ${kind}`}>{children}</span>;
}

/** What happened, what was missing, what to do. */
export function ErrorNote({ error }: { error: unknown }) {
  if (!error) return null;
  if (error instanceof DOMException && error.name === "AbortError") return null;
  const known = error instanceof ApiError ? error : null;
  return (
    <div className="notice bad" role="alert">
      <p><strong>{error instanceof Error ? error.message : "Something went wrong."}</strong></p>
      {known?.fields.map((f) => <p key={f.key + f.message}>{f.key}: {f.message}</p>)}
      {known?.missing.map((m) => <p key={m.object + m.need}>{m.object} needs {m.need}; you have {m.have}.</p>)}
      <p className="small">{advice(known)}</p>
    </div>
  );
}

function advice(error: ApiError | null) {
  if (!error) return "Reload the page and try again.";
  if (error.status === 401) return "Sign in again: the session or token is no longer valid.";
  if (error.status === 403) return "Ask an administrator of the project for the permission named above.";
  if (error.status === 429) return `Wait ${error.retryAfter || 60} seconds, then try again.`;
  if (error.status === 503) return "The server is busy or cannot reach its database. Try again in a few seconds.";
  if (error.status >= 500) return `Tell the server's operator this id: ${error.exceptionId ?? "(none)"}.`;
  if (error.status === 0) return "Nothing was changed.";
  return "Nothing was changed. Correct the input and try again.";
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return <div className="empty"><strong>{title}</strong>{children}</div>;
}

export function Loading({ what = "Loading" }: { what?: string }) {
  return <div className="empty" role="status"><Loader size="sm" aria-hidden /> <span>{what}…</span></div>;
}

/** A secret, shown because it was just made; nothing keeps it. */
export function SecretBox({ value, label }: { value: string; label: string }) {
  return (
    <div className="stack">
      <div className="secret" aria-label={label} data-testid="secret">{value}</div>
      <div className="row">
        <CopyButton value={value}>
          {({ copied, copy }) => <Button onClick={copy}>{copied ? "Copied" : "Copy"}</Button>}
        </CopyButton>
        <span className="dim small">It is not shown again.</span>
      </div>
    </div>
  );
}

/** A button that asks before it acts, says that it is busy and what went wrong. */
export function ConfirmButton(props: {
  label: string;
  title: string;
  children: ReactNode;
  confirm: string;
  danger?: boolean;
  disabled?: boolean;
  act: () => Promise<unknown>;
}) {
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  async function go() {
    setBusy(true);
    setError(null);
    try {
      await props.act();
      setOpen(false);
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  }
  return (
    <>
      <Button variant="default" disabled={props.disabled} onClick={() => setOpen(true)}>{props.label}</Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={props.title} closeButtonProps={{ "aria-label": "Close" }}>
        <div className="stack">
          <div>{props.children}</div>
          <ErrorNote error={error} />
          <div className="row end">
            <Button variant="default" onClick={() => setOpen(false)}>Cancel</Button>
            <Button color={props.danger ? "red.9" : undefined} loading={busy} onClick={go}>{props.confirm}</Button>
          </div>
        </div>
      </Modal>
    </>
  );
}

/** A long operation: how far it is, and a way to stop it. */
export function ProgressLine({ label, share, stop }: { label: string; share: number | null; stop?: () => void }) {
  return (
    <div className="stack" role="status">
      <div className="row"><span>{label}</span><span className="spread" />{share !== null && <span className="dim">{Math.round(share * 100)} %</span>}</div>
      {share === null ? <progress className="progress" aria-label={label} /> : <progress className="progress" value={share} max={1} aria-label={label} />}
      {stop && <div className="row end"><Button variant="default" size="xs" onClick={stop}>Stop</Button></div>}
    </div>
  );
}
