import { Button, Modal, Textarea, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { ErrorNote } from "./bits";
import { usePlace } from "./context";

/** Mails a link that reveals the token to its recipient (never the token itself). */
export function SendToken({ tokenId }: { tokenId: string }) {
  const { client } = usePlace();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const [recipientEmail, setRecipient] = useState("");
  const [message, setMessage] = useState("");
  const [sent, setSent] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  async function go(event: React.FormEvent) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await client.call(`tokens/${tokenId}/share`, { body: { recipientEmail, message } });
      await queries.invalidateQueries({ queryKey: [client.key, "links", tokenId] });
      setSent(recipientEmail);
      setOpen(false);
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  }
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>Send token via e-mail</Button>
      {sent && <span className="dim small" role="status">A link was sent to {sent}.</span>}
      <Modal opened={open} onClose={() => setOpen(false)} title="Send token via e-mail" closeButtonProps={{ "aria-label": "Close" }}>
        <form className="stack" onSubmit={go}>
          <p className="dim">The recipient gets a link, not the token. It opens once, after they type their address, and only until it expires or the token is refreshed.</p>
          <TextInput label="Recipient" type="email" required value={recipientEmail} onChange={(e) => setRecipient(e.currentTarget.value)} />
          <Textarea label="Message" autosize minRows={3} maxLength={2000} value={message} onChange={(e) => setMessage(e.currentTarget.value)} />
          <ErrorNote error={error} />
          <div className="row end">
            <Button variant="default" onClick={() => setOpen(false)}>Cancel</Button>
            <Button type="submit" loading={busy}>Send</Button>
          </div>
        </form>
      </Modal>
    </>
  );
}
