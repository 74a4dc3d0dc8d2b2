// What people do by hand, from start to end.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { closeBrowser, EMAIL, makeTable, newPage, PASSWORD, shot, signIn, startMail, startServer, totp, until } from "./support.mjs";

let mail, server, tokensUrl;
const secrets = [];

before(async () => {
  mail = await startMail();
  server = await startServer(mail);
  tokensUrl = `/projects/${server.projectId}/tokens`;
  await server.api("POST", "buckets", { body: { name: "main", stage: "in" } });
  await server.api("POST", "buckets", { body: { name: "other", stage: "in" } });
  await makeTable(server, "in.c-main", "people", "id,name\n1,Ada\n2,Grace\n");
});
after(async () => {
  await closeBrowser();
  await server?.stop();
  mail?.stop();
});

async function dialog(page, name) {
  await page.getByRole("dialog").getByRole("button", { name, exact: true }).click();
}

/** Makes a limited token on the page; its string as shown. */
async function makeToken(page, description, buckets = {}) {
  await page.goto(tokensUrl + "/new");
  await page.getByLabel("Description").fill(description);
  for (const [label, id] of Object.entries(buckets)) {
    await page.getByRole("textbox", { name: label, exact: true }).click();
    await page.getByRole("option", { name: id, exact: true }).click();
    await page.keyboard.press("Escape");
  }
  await page.getByRole("button", { name: "Create token" }).click();
  const value = await page.getByTestId("secret").textContent();
  secrets.push(value);
  return value;
}

test("invite, activate, sign in, second factor", async () => {
  const admin = await newPage(server);
  await signIn(admin);
  await admin.goto(`/projects/${server.projectId}/users`);
  await admin.getByRole("button", { name: "Invite", exact: true }).click();
  await admin.getByRole("dialog").getByLabel("E-mail").fill("grace@example.com");
  await dialog(admin, "Send invitation");
  await admin.getByRole("cell", { name: "grace@example.com" }).waitFor();
  await shot(admin, "flow-invited");
  const link = (await mail.to("grace@example.com")).match(/https?:\/\/\S+\/(?:activate|invitation)#token=[^\s"<>]+/)[0];

  const grace = await newPage(server);
  await grace.goto(new URL(link).pathname + new URL(link).hash);
  await grace.getByLabel("Name").fill("Grace");
  await grace.getByLabel(/^Password/).fill("a long password");
  await shot(grace, "flow-activate");
  await grace.getByRole("button", { name: "Activate account" }).click();
  await grace.waitForURL("**/login");
  await signIn(grace, "grace@example.com", "a long password");
  await grace.getByRole("link", { name: "Warehouse" }).waitFor();

  await grace.goto("/account");
  await grace.getByRole("button", { name: "Set up" }).click();
  const secret = await grace.locator(".card .secret").first().textContent();
  await shot(grace, "flow-second-factor");
  await grace.getByRole("textbox", { name: "Code" }).fill(totp(secret));
  await grace.getByRole("button", { name: "Turn on" }).click();
  const codes = (await grace.locator(".notice pre").textContent()).trim().split("\n");
  assert.ok(codes.length >= 8);

  const again = await newPage(server);
  await again.goto("/login");
  await again.getByLabel("E-mail").fill("grace@example.com");
  await again.getByLabel(/^Password/).fill("a long password");
  await again.getByRole("button", { name: "Sign in" }).click();
  const code = again.getByLabel("Code of your second factor");
  await code.fill("000000");
  await again.getByRole("button", { name: "Sign in" }).click();
  await again.getByRole("alert").waitFor();
  await shot(again, "flow-wrong-code");
  await code.fill(codes[0]);
  await again.getByRole("button", { name: "Sign in" }).click();
  await again.getByRole("link", { name: "Warehouse" }).waitFor();
  assert.deepEqual(again.trouble, []);
});

test("create a limited token, copy it, use it", async () => {
  const page = await newPage(server);
  await signIn(page);
  const value = await makeToken(page, "Loader", { "Buckets to read": "in.c-main" });
  await shot(page, "flow-token-made");
  await page.getByRole("button", { name: "Copy" }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), value);
  const seen = await server.api("GET", "buckets", { token: value });
  assert.deepEqual(seen.body.map((b) => b.id), ["in.c-main"]);
  assert.equal((await server.api("GET", "buckets/in.c-other", { token: value })).status, 403);
  await page.goto(tokensUrl);
  await page.getByRole("link", { name: "Loader" }).waitFor();
  assert.ok(!(await page.content()).includes(value), "the list must not show the string");
});

test("the summary says what the token will be able to do", async () => {
  const page = await newPage(server);
  await signIn(page);
  await page.goto(tokensUrl + "/new");
  const summary = page.getByTestId("summary");
  assert.match(await summary.textContent(), /can see no bucket/);
  await page.getByRole("textbox", { name: "Buckets to read and write" }).click();
  await page.getByRole("option", { name: "in.c-other" }).click();
  assert.match(await summary.textContent(), /read and write the data of in\.c-other/);
});

test("send a token, open the link, use it in the console", async () => {
  const page = await newPage(server);
  await signIn(page);
  const value = await makeToken(page, "For a partner", { "Buckets to read": "in.c-main" });
  await page.getByRole("button", { name: "Send token via e-mail" }).click();
  await page.getByRole("dialog").getByLabel("Recipient").fill("partner@example.com");
  await page.getByRole("dialog").getByLabel("Message").fill("Here is your key.");
  await dialog(page, "Send");
  const text = await mail.to("partner@example.com", /Here is your key/);
  assert.ok(!text.includes(value), "the mail must not hold the token");
  const link = new URL(text.match(/https?:\/\/[^\s"<>]+/)[0]);

  const partner = await newPage(server);
  await partner.goto(link.pathname + link.search);
  assert.ok(!(await partner.content()).includes(value), "opening alone must reveal nothing");
  await shot(partner, "retrieval-closed");
  await partner.locator("input[type=email]").fill("somebody@example.com");
  await partner.locator("button[type=submit]").click();
  assert.ok(!(await partner.content()).includes(value), "a wrong address must reveal nothing");
  await shot(partner, "retrieval-wrong");
  await partner.goto(link.pathname + link.search);
  await partner.locator("input[type=email]").fill("partner@example.com");
  await partner.locator("button[type=submit]").click();
  await until(async () => (await partner.content()).includes(value), "the token");
  await shot(partner, "retrieval-open");

  await partner.goto("/console");
  await partner.getByLabel(/^API token/).fill(value);
  await partner.getByRole("button", { name: "Open" }).click();
  await partner.getByRole("link", { name: "Buckets" }).click();
  await partner.getByRole("link", { name: "in.c-main", exact: true }).click();
  await partner.getByRole("link", { name: "people" }).first().click();
  await partner.getByRole("button", { name: "Data" }).click();
  await partner.getByRole("cell", { name: "Grace" }).waitFor();
  await shot(partner, "console-data");

  await page.goto(tokensUrl);
  await page.getByRole("link", { name: "For a partner" }).click();
  await page.getByRole("button", { name: "Sent links" }).click();
  await page.getByText("RETRIEVED", { exact: true }).waitFor();
  await shot(page, "flow-links");
});

test("refresh: the old string dies", async () => {
  const page = await newPage(server);
  await signIn(page);
  const old = await makeToken(page, "To refresh");
  await page.getByRole("link", { name: "Detail" }).click();
  await page.getByRole("button", { name: "Refresh" }).click();
  await shot(page, "flow-refresh-confirm");
  await dialog(page, "Refresh");
  const fresh = await page.getByTestId("secret").textContent();
  secrets.push(fresh);
  assert.notEqual(fresh, old);
  assert.equal((await server.api("GET", "tokens/verify", { token: old })).status, 401);
  assert.equal((await server.api("GET", "tokens/verify", { token: fresh })).status, 200);
  await shot(page, "flow-refreshed");
});

test("edit shows what changes, disable and delete hold at once", async () => {
  const page = await newPage(server);
  await signIn(page);
  const value = await makeToken(page, "To change", { "Buckets to read": "in.c-main" });
  await page.getByRole("link", { name: "Detail" }).click();
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByRole("textbox", { name: "Buckets to read and write" }).click();
  await page.getByRole("option", { name: "in.c-other" }).click();
  await page.keyboard.press("Escape");
  assert.match(await page.getByTestId("changes").textContent(), /Gains: write in\.c-other/);
  await shot(page, "token-edit-changes");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Disable" }).waitFor();
  assert.deepEqual((await server.api("GET", "buckets", { token: value })).body.map((b) => b.id).sort(), ["in.c-main", "in.c-other"]);
  await page.getByRole("button", { name: "Disable" }).click();
  await dialog(page, "Disable");
  await page.getByText("DISABLED", { exact: true }).waitFor();
  assert.equal((await server.api("GET", "buckets", { token: value })).status, 401);
  await page.getByRole("button", { name: "Delete" }).click();
  await dialog(page, "Delete");
  await page.getByRole("heading", { name: "API tokens" }).waitFor();
});

test("refreshing one's own master token does not end the session", async () => {
  const own = server.userAdd("master@example.com", "admin");
  const page = await newPage(server);
  await signIn(page, "master@example.com");
  await page.goto(tokensUrl);
  await page.getByRole("link", { name: "master@example.com" }).click();
  await page.getByRole("button", { name: "Refresh" }).click();
  await dialog(page, "Refresh");
  secrets.push(await page.getByTestId("secret").textContent());
  assert.equal((await server.api("GET", "tokens/verify", { token: own.masterToken })).status, 401);
  await page.reload();
  await page.getByText("Refreshed").first().waitFor();
});

test("remove a user: session and master token die", async () => {
  const gone = server.userAdd("gone@example.com", "admin");
  const theirs = await newPage(server);
  await signIn(theirs, "gone@example.com");
  await theirs.goto(tokensUrl);
  await theirs.getByRole("heading", { name: "API tokens" }).waitFor();
  const page = await newPage(server);
  await signIn(page);
  await page.goto(`/projects/${server.projectId}/users`);
  await page.getByRole("row", { name: /gone@example.com/ }).getByRole("button", { name: "Remove" }).click();
  await shot(page, "flow-remove-user");
  await dialog(page, "Remove");
  await page.getByRole("row", { name: /gone@example.com/ }).waitFor({ state: "detached" });
  assert.equal((await server.api("GET", "tokens/verify", { token: gone.masterToken })).status, 401);
  await theirs.reload();
  await theirs.getByRole("alert").or(theirs.getByRole("heading", { name: "Sign in" })).first().waitFor();
  await mail.to("gone@example.com");
});

test("upload a 50 MB CSV with visible progress", async () => {
  const file = path.join(os.tmpdir(), `big-${process.pid}.csv`);
  const line = "1234567,some text that fills the line,2026-01-01,0.12345678901234567890\n";
  fs.writeFileSync(file, "id,text,day,number\n" + line.repeat(Math.ceil(50_000_000 / line.length)));
  try {
    const page = await newPage(server);
    await signIn(page);
    await page.goto(`/projects/${server.projectId}/storage/buckets/in.c-main`);
    // Slow enough that somebody can see it.
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("Network.enable");
    await cdp.send("Network.emulateNetworkConditions", { offline: false, latency: 5, downloadThroughput: -1, uploadThroughput: 20_000_000 });
    await page.locator("input[type=file]").setInputFiles(file);
    await page.getByLabel("Table name").fill("big");
    await page.getByRole("button", { name: "Create table" }).click();
    const bar = page.locator("progress");
    await bar.waitFor();
    const seen = new Set();
    await until(async () => {
      const value = await bar.getAttribute("value").catch(() => null);
      if (value) seen.add(value);
      return (await page.getByText("Table big was created.").count()) > 0;
    }, "the upload", 120);
    assert.ok(seen.size >= 2, "progress moved: " + [...seen]);
    await shot(page, "flow-uploaded");
    const table = (await server.api("GET", "tables/in.c-main.big")).body;
    assert.equal(table.rowsCount, Math.ceil(50_000_000 / line.length));
  } finally {
    fs.rmSync(file);
  }
});

test("drop a file on the page, download the table again", async () => {
  const page = await newPage(server);
  await signIn(page);
  await page.goto(`/projects/${server.projectId}/storage/buckets/in.c-main`);
  const transfer = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(["id;name\n7;Edsger\n"], "dropped.csv", { type: "text/csv" }));
    return data;
  });
  await page.getByTestId("drop").dispatchEvent("drop", { dataTransfer: transfer });
  await page.getByLabel("Delimiter").selectOption(";");
  await page.getByRole("button", { name: "Create table" }).click();
  await page.getByText("Table dropped was created.").waitFor();
  await page.goto(`/projects/${server.projectId}/storage/tables/in.c-main.dropped`);
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download CSV" }).click();
  const download = await waiting;
  assert.equal(fs.readFileSync(await download.path(), "utf8"), '"id","name"\n"7","Edsger"\n');
});

test("a read-only token sees no write buttons, and trying anyway is refused", async () => {
  const made = (await server.api("POST", "tokens", { body: { description: "reader", bucketPermissions: { "in.c-main": "read" } } })).body;
  secrets.push(made.token);
  const page = await newPage(server);
  await page.goto("/console");
  await page.getByLabel(/^API token/).fill(made.token);
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByRole("link", { name: "Buckets" }).click();
  await page.getByRole("link", { name: "in.c-main", exact: true }).click();
  await page.getByRole("link", { name: "people" }).first().click();
  await page.getByRole("button", { name: "Download CSV" }).waitFor();
  for (const name of ["New bucket", "Delete table", "Delete bucket", "Choose a CSV file"]) assert.equal(await page.getByRole("button", { name }).count(), 0, name);
  assert.equal(await page.getByText("in.c-other").count(), 0);
  await shot(page, "console-read-only");
  assert.equal((await server.api("DELETE", "tables/in.c-main.people", { token: made.token })).status, 403);
  assert.equal((await server.api("POST", "buckets", { token: made.token, body: { name: "x", stage: "in" } })).status, 403);
  // Without "remember me" the token is not in the lasting storage.
  assert.equal(await page.evaluate(() => JSON.stringify(localStorage).includes("-")), false);
});

test("an API token is refused at sign-in, with words that say where it works", async () => {
  const page = await newPage(server);
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(EMAIL);
  await page.getByLabel(/^Password/).fill(server.masterToken);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").getByText(/Storage Console/).waitFor();
  await shot(page, "sign-in-token-refused");
});

test("events: search, filter, detail, export", async () => {
  const page = await newPage(server);
  await signIn(page);
  await page.goto(`/projects/${server.projectId}/events`);
  await page.getByLabel("Search").fill("event:storage.tokenCreated");
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("button", { name: /Created token/ }).first().click();
  await page.getByRole("dialog").getByText("storage.tokenCreated").waitFor();
  await shot(page, "event-detail");
  await page.keyboard.press("Escape");
  for (const [button, name] of [["Export CSV", "events.csv"], ["Export JSON lines", "events.jsonl"]]) {
    const waiting = page.waitForEvent("download");
    await page.getByRole("button", { name: button }).click();
    const download = await waiting;
    assert.equal(download.suggestedFilename(), name);
    assert.match(fs.readFileSync(await download.path(), "utf8"), /storage\.tokenCreated/);
  }
  await page.getByLabel("Search").fill("success:");
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("alert").getByText(/Failed to parse query/).waitFor();
  await shot(page, "events-bad-search");
  await page.getByLabel("Search").fill("");
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByLabel("Outcome").selectOption("refused");
  await page.locator(".badge", { hasText: "REFUSED" }).first().waitFor();
});

test("10,000 tokens: the list draws few rows, filters, finds", async () => {
  const have = (await server.api("GET", "tokens")).body.length;
  let made = 0;
  const one = async () => {
    while (made < 10_000 - have) {
      const number = made++;
      const answer = await server.api("POST", "tokens", { body: { description: `bulk ${number}`, bucketPermissions: number % 2 ? { "in.c-main": "read" } : {} } });
      assert.equal(answer.status, 201);
    }
  };
  await Promise.all(Array.from({ length: 16 }, one));
  const page = await newPage(server);
  await signIn(page);
  await page.goto(tokensUrl);
  await page.getByText("10,000 tokens").waitFor();
  assert.ok((await page.locator(".grid-row").count()) < 60, "only what is seen is drawn");
  await page.getByLabel("Search tokens").fill("bulk 4321");
  await page.getByRole("link", { name: "bulk 4321" }).waitFor();
  await page.getByLabel("Search tokens").fill("");
  await page.getByLabel("Who can").selectOption("read");
  await page.getByLabel("Bucket", { exact: true }).selectOption("in.c-main");
  await page.getByLabel("Kind").selectOption("limited");
  await page.getByRole("status").getByText(/of 10,000 tokens/).waitFor();
  await page.locator(".long-box").evaluate((box) => box.scrollTo(0, box.scrollHeight));
  await page.locator(".grid-row").first().waitFor();
  await shot(page, "tokens-10000");
});

test("no secret in a page, its storage, its address or the log", async () => {
  const page = await newPage(server);
  await signIn(page);
  secrets.push(server.masterToken, server.managementToken, PASSWORD, "a long password");
  const where = ["/", "/account", "/organizations", tokensUrl, tokensUrl + "/new", `/projects/${server.projectId}/users`, `/projects/${server.projectId}/settings`,
    `/projects/${server.projectId}/storage`, `/projects/${server.projectId}/events`, `/projects/${server.projectId}/files`, `/projects/${server.projectId}/jobs`];
  const answers = [];
  page.on("response", async (response) => {
    if (/json/.test(response.headers()["content-type"] ?? "")) answers.push(await response.text().catch(() => ""));
  });
  for (const address of where) {
    await page.goto(address);
    await page.getByRole("heading").first().waitFor();
    await page.waitForLoadState("networkidle");
    const text = (await page.content()) + page.url() + (await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, history.state])));
    for (const secret of secrets) assert.ok(!text.includes(secret), `a secret on ${address}`);
  }
  const log = server.log();
  for (const secret of secrets) {
    assert.ok(!answers.join("\n").includes(secret), "a secret in an answer to the page");
    assert.ok(!log.includes(secret), "a secret in the log");
    assert.ok(!mail.all().join("\n").includes(secret), "a secret in a mail");
  }
  const session = (await page.context().cookies()).find((c) => c.name === "chatelaine_session");
  assert.ok(session.httpOnly && session.sameSite === "Strict");
  assert.ok(!log.includes(session.value));
});

test("a session's cookie alone changes nothing: CSRF protection", async () => {
  const page = await newPage(server);
  await signIn(page);
  const session = (await page.context().cookies()).find((c) => c.name === "chatelaine_session");
  const send = (headers) => fetch(server.url + "/v2/storage/tokens", { method: "POST", headers: { Cookie: `chatelaine_session=${session.value}`, "X-Chatelaine-Project": String(server.projectId), "Content-Type": "application/json", ...headers }, body: '{"description":"forged"}' });
  assert.equal((await send({})).status, 403);
  assert.equal((await send({ "X-CSRF-Token": "forged" })).status, 403);
});

test("first load on a slow link", async () => {
  const page = await newPage(server);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Network.enable");
  await cdp.send("Network.emulateNetworkConditions", { offline: false, latency: 200, downloadThroughput: 125_000, uploadThroughput: 125_000 });
  let bytes = 0;
  cdp.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  await page.goto("/login");
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  // The button is in the document a moment before it is on the screen.
  const paint = await (await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime)).jsonValue();
  console.log(`first load: ${Math.round(bytes / 1000)} KB compressed, form painted after ${Math.round(paint)} ms at 1 Mbit/s and 200 ms`);
  assert.ok(bytes <= 250_000, `${bytes} bytes`);
  assert.deepEqual(page.trouble, []);
});
