// Every page and state as a picture under build/screens/, and through axe: light and dark, desktop and phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { axe, closeBrowser, makeTable, newPage, shot, signIn, startMail, startServer } from "./support.mjs";

let mail, server, token, limited;

before(async () => {
  mail = await startMail();
  server = await startServer(mail);
  await server.api("POST", "buckets", { body: { name: "main", stage: "in", description: "What comes in" } });
  await server.api("POST", "buckets", { body: { name: "results", stage: "out" } });
  await makeTable(server, "in.c-main", "people", "id,name\n1,Ada\n2,Grace\n");
  token = (await server.api("POST", "tokens", { body: { description: "Nightly loader", bucketPermissions: { "in.c-main": "write" }, expiresIn: 86400, componentAccess: ["wr-db"] } })).body;
  limited = (await server.api("POST", "tokens", { body: { description: "Nothing", bucketPermissions: {} } })).body;
  await server.api("POST", `tokens/${token.id}/share`, { body: { recipientEmail: "partner@example.com", message: "Hello" } });
  await server.api("GET", "buckets", { token: token.token });
  await server.api("GET", "buckets/out.c-results", { token: token.token });
  server.userAdd("guest@example.com", "guest");
  await server.api("POST", `/manage/projects/${server.projectId}/invitations`, { body: { email: "new@example.com", role: "readOnly" } });
});
after(async () => {
  await closeBrowser();
  await server?.stop();
  mail?.stop();
});

const OUTSIDE = [["sign-in", "/login", "Sign in"], ["reset", "/reset", "Reset the password"], ["activate-bad-link", "/activate?token=wrong", "Welcome"], ["not-found", "/nothing/here", "There is no such page"]];

function inside() {
  const base = `/projects/${server.projectId}`;
  return [
    ["projects", "/", "Projects"], ["account", "/account", "My account"], ["organizations", "/organizations", "Organizations"],
    ["organization", `/organizations/${server.organizationId}`, "Acme"],
    ["tokens", `${base}/tokens`, "API tokens"], ["token-new", `${base}/tokens/new`, "New token"], ["token-detail", `${base}/tokens/${token.id}`, "Nightly loader"],
    ["token-edit", `${base}/tokens/${token.id}?tab=edit`, "Nightly loader"], ["token-links", `${base}/tokens/${token.id}?tab=links`, "Nightly loader"],
    ["token-events", `${base}/tokens/${token.id}?tab=events`, "Nightly loader"], ["token-missing", `${base}/tokens/99999`, null],
    ["users", `${base}/users`, "Users"], ["settings", `${base}/settings`, "Project settings"],
    ["storage", `${base}/storage`, "Storage"], ["bucket", `${base}/storage/buckets/in.c-main`, "Storage"], ["bucket-empty", `${base}/storage/buckets/out.c-results`, "Storage"],
    ["table", `${base}/storage/tables/in.c-main.people`, "Storage"], ["files", `${base}/files`, "Files"], ["jobs", `${base}/jobs`, "Jobs"], ["events", `${base}/events`, "Events"],
  ];
}

const CONSOLE = [["console-events", "/console", "Events"], ["console-storage", "/console/storage", "Storage"], ["console-table", "/console/storage/tables/in.c-main.people", "Storage"],
  ["console-files", "/console/files", "Files"], ["console-jobs", "/console/jobs", "Jobs"]];

async function look(page, name, address, heading, suffix) {
  await page.goto(address);
  if (heading) await page.getByRole("heading", { name: heading }).first().waitFor();
  else await page.getByRole("alert").waitFor();
  await page.waitForLoadState("networkidle");
  await shot(page, `${name}-${suffix}`);
  assert.equal(await axe(page), "", `axe on ${name} ${suffix}`);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(overflow <= 0, `${name} ${suffix} is ${overflow} px wider than the screen`);
  assert.deepEqual(page.trouble, [], name);
}

for (const dark of [false, true])
  for (const phone of [false, true]) {
    const suffix = `${dark ? "dark" : "light"}-${phone ? "phone" : "desktop"}`;
    test(`pages outside, ${suffix}`, async () => {
      const page = await newPage(server, { dark, phone });
      for (const [name, address, heading] of OUTSIDE) await look(page, name, address, heading, suffix);
      await page.goto("/console");
      await page.getByRole("heading", { name: "Open with a token" }).waitFor();
      await shot(page, `console-door-${suffix}`);
      assert.equal(await axe(page), "");
    });
    test(`pages of a user, ${suffix}`, async () => {
      const page = await newPage(server, { dark, phone });
      await signIn(page);
      for (const [name, address, heading] of inside()) await look(page, name, address, heading, suffix);
    });
    test(`console, ${suffix}`, async () => {
      const page = await newPage(server, { dark, phone });
      for (const [who, value] of [["", token.token], ["-nothing", limited.token]]) {
        await page.goto("/console");
        await page.evaluate((kept) => sessionStorage.setItem("chatelaine.console.token", kept), value);
        for (const [name, address, heading] of who ? CONSOLE.slice(0, 2) : CONSOLE) await look(page, name + who, address, heading, suffix);
      }
    });
    test(`retrieval page, ${suffix}`, async () => {
      const page = await newPage(server, { dark, phone });
      const link = new URL((await mail.to("partner@example.com", /Hello/)).match(/https?:\/\/[^\s"<>]+/)[0]);
      await page.goto(link.pathname + link.search);
      await page.locator("input[type=email]").waitFor();
      await shot(page, `retrieval-${suffix}`);
      assert.equal(await axe(page), "");
    });
  }
