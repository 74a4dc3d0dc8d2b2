// The secret of a mailed link stands behind # (it reaches no log) and leaves the address, and with it the history, once it was read.
import { useEffect, useState } from "react";

export function useLinkToken() {
  const [token] = useState(() => {
    const search = new URLSearchParams(window.location.search);
    return new URLSearchParams(window.location.hash.slice(1)).get("token") ?? search.get("token") ?? "";
  });
  useEffect(() => window.history.replaceState(window.history.state, "", window.location.pathname), []);
  return token;
}
