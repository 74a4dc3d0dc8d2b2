// The one place that talks to the server. A Client is either the signed-in browser's session, working in a project through the
// user's master token that it never sees, or the Storage Console's pasted token.

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string | undefined,
    readonly exceptionId: string | undefined,
    readonly missing: Missing[],
    readonly fields: { key: string; message: string }[],
    readonly retryAfter: number,
  ) {
    super(message);
  }
}

export interface Missing { object: string; need: string; have: string }

interface Options {
  method?: string;
  query?: Record<string, string | number | boolean | string[] | undefined | null>;
  body?: unknown;
  signal?: AbortSignal;
}

let csrfToken = "";
export function setCsrfToken(token: string) {
  csrfToken = token;
}

function address(path: string, query: Options["query"]) {
  const parts = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === null || value === "") continue;
    if (Array.isArray(value)) value.forEach((v) => parts.append(key + "[]", v));
    else parts.append(key, String(value));
  }
  const text = parts.toString();
  return text ? `${path}?${text}` : path;
}

async function failure(response: Response) {
  let body: Record<string, unknown> = {};
  try {
    body = (await response.json()) as Record<string, unknown>;
  } catch {
    // not JSON: a proxy in between, or no body
  }
  const text = (body.error as string) || (body.reason as string) || `The server answered ${response.status}.`;
  return new ApiError(
    text, response.status, body.code as string | undefined, body.exceptionId as string | undefined,
    (body.missing as Missing[]) ?? [], (body.errors as { key: string; message: string }[]) ?? [],
    Number(response.headers.get("Retry-After")) || 0);
}

async function call(path: string, options: Options, headers: Record<string, string>) {
  const method = options.method ?? (options.body === undefined ? "GET" : "POST");
  const send: Record<string, string> = { ...headers };
  if (options.body !== undefined) send["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(address(path, options.query), {
      method, headers: send, signal: options.signal, credentials: "same-origin",
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError("The server could not be reached. Check your connection and try again.", 0, undefined, undefined, [], [], 0);
  }
  if (!response.ok) throw await failure(response);
  return response;
}

async function json<T>(response: Response): Promise<T> {
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

/** Calls outside projects: signing in, accounts, the Management API, with the session's cookie. */
export async function account<T>(path: string, options: Options = {}): Promise<T> {
  return json<T>(await call(path, options, csrfToken ? { "X-CSRF-Token": csrfToken } : {}));
}

export interface Client {
  kind: "session" | "token";
  /** Distinguishes cached answers of different clients. */
  key: string;
  /** Calls /v2/storage/<path>. */
  call<T>(path: string, options?: Options): Promise<T>;
  text(path: string, options?: Options): Promise<string>;
}

function storageClient(kind: Client["kind"], key: string, headers: () => Record<string, string>): Client {
  return {
    kind, key,
    call: async <T>(path: string, options: Options = {}) => json<T>(await call("/v2/storage/" + path, options, headers())),
    text: async (path, options = {}) => (await call("/v2/storage/" + path, options, headers())).text(),
  };
}

export function projectClient(projectId: string): Client {
  return storageClient("session", "project-" + projectId, () => ({ "X-Chatelaine-Project": projectId, "X-CSRF-Token": csrfToken }));
}

export function tokenClient(token: string): Client {
  const [project, id] = token.split("-");
  return storageClient("token", `token-${project}-${id}`, () => ({ "X-StorageApi-Token": token }));
}

export interface Job {
  id: number;
  status: "waiting" | "processing" | "success" | "error";
  operationName: string;
  tableId: string | null;
  createdTime: string;
  startTime: string | null;
  endTime: string | null;
  creatorToken?: { id: string; description: string };
  results: Record<string, unknown> | null;
  error?: { code: string; message: string; exceptionId?: string };
}

/** Waits for a job to end; its error is thrown. */
export async function finish(client: Client, job: Job, signal?: AbortSignal): Promise<Job> {
  let delay = 150;
  while (job.status !== "success" && job.status !== "error") {
    await new Promise((resolve) => setTimeout(resolve, delay));
    signal?.throwIfAborted();
    delay = Math.min(delay * 1.5, 2000);
    job = await client.call<Job>(`jobs/${job.id}`, { signal });
  }
  if (job.status === "error") {
    throw new ApiError(job.error?.message ?? "The job failed.", 400, job.error?.code, job.error?.exceptionId, [], [], 0);
  }
  return job;
}

interface Prepared {
  id: number;
  absUploadParams: { blobName: string; container: string; absCredentials: { SASConnectionString: string } };
}

function connection(text: string) {
  const parts: Record<string, string> = {};
  for (const part of text.split(";")) {
    const at = part.indexOf("=");
    if (at > 0) parts[part.slice(0, at)] = part.slice(at + 1);
  }
  return { endpoint: parts.BlobEndpoint ?? "", signature: parts.SharedAccessSignature ?? "" };
}

/** Uploads a file's content with progress; the id of the file resource. */
export async function upload(client: Client, file: File, tags: string[], progress: (share: number) => void, signal?: AbortSignal) {
  const prepared = await client.call<Prepared>("files/prepare", {
    body: { name: file.name, sizeBytes: file.size, federationToken: true, tags }, signal,
  });
  const where = prepared.absUploadParams;
  const { endpoint, signature } = connection(where.absCredentials.SASConnectionString);
  // The connection string names the public address; the page's own origin serves the same endpoint.
  const target = new URL(`${endpoint}/${where.container}/${where.blobName.split("/").map(encodeURIComponent).join("/")}?${signature}`);
  await new Promise<void>((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", window.location.origin + target.pathname + target.search);
    request.setRequestHeader("x-ms-blob-type", "BlockBlob");
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () =>
      request.status === 201 ? resolve() : reject(new ApiError("The upload was refused by the server.", request.status, undefined, undefined, [], [], 0));
    request.onerror = () => reject(new ApiError("The upload was interrupted. Check your connection and try again.", 0, undefined, undefined, [], [], 0));
    request.onabort = () => reject(new DOMException("The upload was stopped.", "AbortError"));
    signal?.addEventListener("abort", () => request.abort());
    request.send(file);
  });
  progress(1);
  return prepared.id;
}

interface Stored {
  id: number;
  name: string;
  isSliced: boolean;
  url: string;
  absPath: { container: string; name: string };
  absCredentials: { SASConnectionString: string };
}

async function blob(endpoint: string, signature: string, container: string, name: string, signal?: AbortSignal) {
  const target = new URL(`${endpoint}/${container}/${name.split("/").map(encodeURIComponent).join("/")}?${signature}`);
  const response = await fetch(target.pathname + target.search, { signal });
  if (!response.ok) throw new ApiError(`The content of the file could not be read (${response.status}).`, response.status, undefined, undefined, [], [], 0);
  return response;
}

/** The content of a file, slices put together in order; header is put before it. */
export async function content(client: Client, fileId: number, header: string, progress: (share: number) => void, signal?: AbortSignal) {
  const file = await client.call<Stored>(`files/${fileId}`, { query: { federationToken: 1 }, signal });
  const { endpoint, signature } = connection(file.absCredentials.SASConnectionString);
  const { container, name } = file.absPath;
  if (!file.isSliced) return (await blob(endpoint, signature, container, name, signal)).blob();
  const manifest = (await (await blob(endpoint, signature, container, name + "manifest", signal)).json()) as { entries: { url: string }[] };
  const parts: BlobPart[] = [header];
  for (const [index, entry] of manifest.entries.entries()) {
    const inside = entry.url.split(`/${container}/`)[1] ?? "";
    parts.push(await (await blob(endpoint, signature, container, decodeURIComponent(inside), signal)).blob());
    progress((index + 1) / manifest.entries.length);
  }
  return new Blob(parts, { type: "text/csv" });
}

/** Hands a blob to the browser's own download. */
export function save(data: Blob, name: string) {
  const url = URL.createObjectURL(data);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
