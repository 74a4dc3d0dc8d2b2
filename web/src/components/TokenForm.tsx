// What a token may do: the fields shared by a new token and by the detail's edit, and the sentence that sums them up.
import { Checkbox, MultiSelect, NumberInput, Radio, TagsInput, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import type { Bucket, Component, Token } from "../types";
import { usePlace } from "./context";

export interface TokenFields {
  description: string;
  allFiles: boolean;
  fullAccess: boolean;
  components: string[];
  read: string[];
  write: string[];
  purgeTrash: boolean;
  addresses: string[];
  requestsPerMinute: number | "";
}

export const NO_PERMISSIONS: TokenFields = {
  description: "", allFiles: false, fullAccess: false, components: [], read: [], write: [], purgeTrash: false, addresses: [], requestsPerMinute: "",
};

export function fieldsOf(token: Token): TokenFields {
  const permissions = Object.entries(token.bucketPermissions as Record<string, string>);
  const having = (level: string) => (token.canManageBuckets ? [] : permissions.filter(([, l]) => l === level).map(([id]) => id));
  return {
    description: token.description, allFiles: token.canReadAllFileUploads, fullAccess: token.canManageBuckets, components: token.componentAccess ?? [],
    read: having("read"), write: having("write"), purgeTrash: token.canPurgeTrash, addresses: token.allowedAddresses ?? [],
    requestsPerMinute: token.requestsPerMinute ?? "",
  };
}

/** The body of POST and PUT tokens. */
export function bodyOf(fields: TokenFields) {
  const bucketPermissions = Object.fromEntries([...fields.read.map((id) => [id, "read"]), ...fields.write.map((id) => [id, "write"])]);
  return {
    description: fields.description, canReadAllFileUploads: fields.allFiles, canPurgeTrash: fields.purgeTrash,
    ...(fields.fullAccess ? {} : { bucketPermissions, componentAccess: fields.components }),
    allowedAddresses: fields.addresses, requestsPerMinute: fields.requestsPerMinute === "" ? 0 : fields.requestsPerMinute,
  };
}

function list(names: string[]) {
  return names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
}

/** In plain words, one sentence a line: what the token will be able to do. */
export function summary(fields: TokenFields): string[] {
  const lines: string[] = [];
  if (fields.fullAccess) lines.push("It can read and change every bucket and component, also those made later.");
  else {
    if (fields.write.length) lines.push(`It can read and write the data of ${list(fields.write)}.`);
    if (fields.read.length) lines.push(`It can read the data of ${list(fields.read)}.`);
    if (!fields.read.length && !fields.write.length) lines.push("It can see no bucket.");
    if (fields.components.length) lines.push(`It can change and run configurations of ${list(fields.components)}.`);
    else lines.push("It can't see or run any component.");
  }
  lines.push(fields.allFiles ? "It can read all files of the project." : "It can see only the files that it uploads itself.");
  if (fields.purgeTrash) lines.push("It can delete configurations from the trash for good.");
  if (fields.addresses.length) lines.push(`It works only from ${list(fields.addresses)}.`);
  if (fields.requestsPerMinute !== "" && fields.requestsPerMinute > 0) lines.push(`It may make ${fields.requestsPerMinute} requests a minute.`);
  lines.push("It can never make other tokens.");
  return lines;
}

export function TokenFieldset({ value, change, editing }: { value: TokenFields; change: (next: TokenFields) => void; editing?: boolean }) {
  const { client } = usePlace();
  const buckets = useQuery({ queryKey: [client.key, "buckets"], queryFn: () => client.call<Bucket[]>("buckets") });
  const components = useQuery({
    queryKey: [client.key, "catalogue"],
    queryFn: async () => (await client.call<{ components: Component[] }>("", { query: { exclude: "componentDetails" } })).components,
    staleTime: 600_000,
  });
  const set = <K extends keyof TokenFields>(key: K, next: TokenFields[K]) => change({ ...value, [key]: next });
  const ids = buckets.data?.map((b) => b.id) ?? [];
  const known = (chosen: string[]) => [...new Set([...ids, ...chosen])];
  return (
    <>
      <TextInput label="Description" description="What it is for, so that everybody understands it in a year" value={value.description} required
        maxLength={1000} onChange={(e) => set("description", e.currentTarget.value)} />
      <Radio.Group label="Files" value={value.allFiles ? "all" : "own"} onChange={(v) => set("allFiles", v === "all")}>
        <div className="stack">
          <Radio value="own" label="Restricted" description="Only files that the token uploads itself" />
          <Radio value="all" label="Full" description="All files of the project" />
        </div>
      </Radio.Group>
      <Radio.Group label="Components and buckets" value={value.fullAccess ? "full" : "custom"} onChange={(v) => set("fullAccess", v === "full")}>
        <div className="stack">
          <Radio value="custom" label="Custom" description="Only the components and buckets chosen here" disabled={editing} />
          <Radio value="full" label="Full" description="All buckets and components, also those made in the future" disabled={editing} />
        </div>
      </Radio.Group>
      {editing && <p className="dim small">Full or custom access is decided when a token is made. To change it, make a new token and delete this one.</p>}
      {!value.fullAccess && (
        <>
          <MultiSelect label="Components" description="The token can change and run their configurations" searchable clearable limit={100}
            data={[...new Map([...(components.data ?? []).map((c) => [c.id, c.name ? `${c.name} (${c.id})` : c.id] as const),
              ...value.components.filter((c) => !components.data?.some((k) => k.id === c)).map((c) => [c, c] as const)]).entries()].map(([v, label]) => ({ value: v, label }))}
            value={value.components} onChange={(v) => set("components", v)} clearButtonProps={{ "aria-label": "Clear components" }} nothingFoundMessage="No such component" />
          <MultiSelect label="Buckets to read" searchable clearable limit={100} data={known(value.read).filter((id) => !value.write.includes(id))} value={value.read}
            onChange={(v) => set("read", v)} clearButtonProps={{ "aria-label": "Clear buckets to read" }} nothingFoundMessage="No such bucket" />
          <MultiSelect label="Buckets to read and write" searchable clearable limit={100} data={known(value.write).filter((id) => !value.read.includes(id))} value={value.write}
            onChange={(v) => set("write", v)} clearButtonProps={{ "aria-label": "Clear buckets to write" }} nothingFoundMessage="No such bucket" />
        </>
      )}
      <Checkbox label="Empty the trash" description="Delete configurations from the trash for good" checked={value.purgeTrash}
        onChange={(e) => set("purgeTrash", e.currentTarget.checked)} />
      <TagsInput label="Addresses" description="The token works only from these (192.0.2.7 or 192.0.2.0/24); none: from everywhere" value={value.addresses}
        onChange={(v) => set("addresses", v)} clearable clearButtonProps={{ "aria-label": "Clear addresses" }} />
      <NumberInput label="Requests per minute" description="Empty: no limit" min={0} max={1_000_000} value={value.requestsPerMinute} hideControls
        onChange={(v) => set("requestsPerMinute", v === "" ? "" : Number(v))} />
    </>
  );
}
