// A real server, a real SMTP server, Debian's Chromium.
import { spawn, execFileSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const require = createRequire(path.join(ROOT, "web/package.json"));
const { chromium } = require("playwright-core");
const AXE = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const PROGRAM = process.env.CHATELAINE ?? path.join(ROOT, "build/chatelaine");
export const SCREENS = path.join(ROOT, "build/screens");
export const EMAIL = "ada@example.com";
export const PASSWORD = "correct horse battery";

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until look() gives something true. */
export async function until(look, what, seconds = 30) {
  for (let i = 0; i < seconds * 20; i++) {
    const found = await look();
    if (found) return found;
    await sleep(50);
  }
  throw new Error("waited in vain for " + what);
}

export async function startMail() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "chatelaine-mail-"));
  const child = spawn("/usr/bin/python3", [path.join(ROOT, "tests/pages/smtp_server.py"), folder], { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise((resolve) => child.stdout.once("data", (d) => resolve(Number(String(d).trim()))));
  const read = () => fs.readdirSync(folder).filter((n) => n.endsWith(".eml")).map((n) => fs.readFileSync(path.join(folder, n), "utf8"));
  return {
    port,
    all: read,
    /** The newest mail to this address whose text matches; its text with soft line breaks undone. */
    async to(address, pattern = /./) {
      return until(() => {
        const found = read().map(plain).filter((m) => m.toLowerCase().includes("to: " + address.toLowerCase()) || m.toLowerCase().includes("to: <" + address.toLowerCase() + ">")).filter((m) => pattern.test(m));
        return found[found.length - 1];
      }, `a mail to ${address}`);
    },
    stop: () => child.kill(),
  };
}

function plain(mail) {
  const [head, ...rest] = mail.replace(/\r\n/g, "\n").split("\n\n");
  let body = rest.join("\n\n");
  if (/quoted-printable/i.test(head)) body = body.replace(/=\n/g, "").replace(/=([0-9A-F]{2})/g, (_, h) => String.fromCharCode(parseInt(h, 16)));
  if (/base64/i.test(head)) body = Buffer.from(body, "base64").toString("utf8");
  return head + "\n\n" + body;
}

export async function startServer(mail, more = []) {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), "chatelaine-pages-"));
  const made = JSON.parse(execFileSync(PROGRAM, ["init", "--data", data, "--email", EMAIL, "--password", PASSWORD, "--organization", "Acme", "--project", "Warehouse", "--json"]));
  const log = path.join(data, "server.log");
  const out = fs.openSync(log, "a");
  const portFile = path.join(data, "port");
  const child = spawn(PROGRAM, ["serve", "--data", data, "--listen", "127.0.0.1:0", "--port-file", portFile, "--web", path.join(ROOT, "build/web"),
    "--smtp", `smtp://127.0.0.1:${mail.port}`, "--mail-from", "house@example.com", ...more], { stdio: ["ignore", out, out] });
  await until(() => fs.existsSync(portFile) && fs.readFileSync(portFile, "utf8").trim(), "the server");
  const url = "http://127.0.0.1:" + fs.readFileSync(portFile, "utf8").trim();
  const server = {
    ...made, url, data,
    log: () => fs.readFileSync(log, "utf8"),
    async api(method, where, { token = made.masterToken, body } = {}) {
      const response = await fetch(url + (where.startsWith("/") ? where : "/v2/storage/" + where), {
        method, body: body && JSON.stringify(body),
        headers: { ...(where.startsWith("/manage") ? { "X-KBC-ManageApiToken": made.managementToken } : { "X-StorageApi-Token": token }), ...(body ? { "Content-Type": "application/json" } : {}) },
      });
      const text = await response.text();
      return { status: response.status, body: text && response.headers.get("content-type") === "application/json" ? JSON.parse(text) : text };
    },
    userAdd: (email, role) => JSON.parse(execFileSync(PROGRAM, ["user", "add", "--data", data, "--project", String(made.projectId), "--email", email, "--password", PASSWORD, "--role", role, "--json"])),
    async stop() {
      child.kill("SIGTERM");
      await new Promise((resolve) => (child.exitCode === null ? child.once("exit", resolve) : resolve()));
      fs.rmSync(data, { recursive: true, force: true });
    },
  };
  return server;
}

/** A table with these rows, made over the API. */
export async function makeTable(server, bucket, name, csv, token = server.masterToken) {
  const prepared = (await server.api("POST", "files/prepare", { token, body: { name: name + ".csv", federationToken: true, sizeBytes: csv.length } })).body;
  const where = prepared.absUploadParams;
  const parts = Object.fromEntries(where.absCredentials.SASConnectionString.split(";").map((p) => [p.slice(0, p.indexOf("=")), p.slice(p.indexOf("=") + 1)]));
  const put = await fetch(`${parts.BlobEndpoint}/${where.container}/${where.blobName}?${parts.SharedAccessSignature}`, { method: "PUT", headers: { "x-ms-blob-type": "BlockBlob" }, body: csv });
  if (put.status !== 201) throw new Error("upload: " + put.status);
  const job = (await server.api("POST", `buckets/${bucket}/tables-async`, { token, body: { name, dataFileId: prepared.id } })).body;
  return until(async () => {
    const now = (await server.api("GET", `jobs/${job.id}`, { token })).body;
    if (now.status === "error") throw new Error(JSON.stringify(now.error));
    return now.status === "success" && now.results.id;
  }, "the table");
}

let browser;
export async function openBrowser() {
  browser ??= await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  return browser;
}
export async function closeBrowser() {
  await browser?.close();
}

/** A page of a new, empty browser profile; what breaks the Content-Security-Policy or throws is collected in page.trouble. */
export async function newPage(server, { dark = false, phone = false } = {}) {
  const context = await (await openBrowser()).newContext({
    baseURL: server.url, colorScheme: dark ? "dark" : "light", viewport: phone ? { width: 390, height: 844 } : { width: 1280, height: 850 },
    permissions: ["clipboard-read", "clipboard-write"], acceptDownloads: true, reducedMotion: "reduce",
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  page.trouble = [];
  page.on("pageerror", (error) => page.trouble.push(String(error)));
  page.on("console", (message) => message.type() === "error" && !/Failed to load resource/.test(message.text()) && page.trouble.push(message.text()));
  page.on("request", (request) => {
    if (!request.url().startsWith(server.url) && !/^(data|blob):/.test(request.url())) page.trouble.push("asked another host: " + request.url());
  });
  return page;
}

export async function signIn(page, email = EMAIL, password = PASSWORD) {
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel(/^Password/).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/login"));
}

export async function shot(page, name) {
  fs.mkdirSync(SCREENS, { recursive: true });
  await page.screenshot({ path: path.join(SCREENS, name + ".png"), fullPage: true });
}

/** What axe finds against WCAG 2 A and AA, as text; empty when nothing. */
export async function axe(page) {
  // Through the debugger's own world: the page's Content-Security-Policy stays in force.
  await page.evaluate(AXE);
  const result = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }));
  return result.violations.map((v) => `${v.id}: ${v.help}\n    ${v.nodes.slice(0, 4).map((n) => n.html.slice(0, 160) + " " + (n.any[0]?.message ?? "")).join("\n    ")}`).join("\n");
}

/** RFC 6238, six digits, as the user's app computes them. */
export function totp(secret, time = Date.now()) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replace(/=+$/, "")].map((c) => alphabet.indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(time / 30000)));
  const digest = crypto.createHmac("sha1", key).update(counter).digest();
  const at = digest[19] & 15;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
