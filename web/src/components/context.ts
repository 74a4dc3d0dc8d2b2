// What the pages below a frame share: the client that they call with, who that is, where links of this frame begin.
import { createContext, useContext } from "react";

import type { Client } from "../api";
import type { Token } from "../types";

export interface Place {
  client: Client;
  /** Begin of links: "/projects/1" or "/console". */
  base: string;
  /** The token that the calls are made with: the user's master token or the pasted one. */
  me: Token;
}

export const PlaceContext = createContext<Place | null>(null);

export function usePlace(): Place {
  const place = useContext(PlaceContext);
  if (!place) throw new Error("This page needs a project or a token around it.");
  return place;
}

/** What the caller may do with a bucket, as its own token says. */
export function bucketLevel(me: Token, bucketId: string): "none" | "read" | "write" | "manage" {
  return (me.bucketPermissions as Record<string, "read" | "write" | "manage">)[bucketId] ?? "none";
}

export function mayWrite(me: Token, bucketId: string) {
  const level = bucketLevel(me, bucketId);
  return level === "write" || level === "manage";
}
