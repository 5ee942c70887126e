/** Who a visitor is, and what follows from it: the conversation from page to page, a person to talk to, a name, and the page's own code. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SignJWT } from "jose";
import { questions, unanswerable } from "./fixtures/product.mjs";
import { allowWebsite, createProject, signUp, uploadDocuments, visit } from "./people.mjs";
import { barriers, comesTo, openBrowser, openPage, openSite, ANSWERING, SERVER } from "./support.mjs";

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof openSite>>} */
let site;
/** @type {Awaited<ReturnType<typeof openPage>>} */
let team;
let snippet = "";
let key = "";
/** Where the widget's server is reached from the site. */
let origin = "";
/** The site's own scripts. @type {Map<string, string>} */
const files = new Map();
const question = questions[1]?.ask ?? "";
const SHOTS = process.env["SHOTS"];

/** @param {import("playwright-core").Page} page @param {string} name */
const shot = async (page, name) => void (SHOTS && (await page.screenshot({ path: `${SHOTS}/${name}.png` })));

before(async () => {
  files.set("/own.js", "");
  [browser, site] = await Promise.all([openBrowser(), openSite(files)]);
  team = await openPage(browser);
  await signUp(team.page);
  await createProject(team.page, "Halvern H3");
  await uploadDocuments(team.page);
  snippet = await allowWebsite(team.page, site.origin);
  const [, src = "", found = ""] = /src="([^"]+)" data-key="([^"]+)"/.exec(snippet) ?? [];
  [origin, key] = [new URL(src).origin, found];
  site.carry(snippet);
});
after(async () => {
  site.close();
  await browser.close();
});

/** A visitor on the site. @param {Parameters<typeof openPage>[1]} [options] */
async function visitor(options) {
  const opened = await openPage(browser, { ...options, sites: [site.origin, origin] });
  const widget = opened.page.locator("pernoex-widget");
  const input = widget.getByRole("textbox", { name: "Your question" });
  return {
    ...opened,
    widget,
    input,
    launcher: widget.locator(".launcher"),
    /** @param {string} text */
    async ask(text) {
      const rated = widget.getByRole("button", { name: "Not helpful" });
      const earlier = await rated.count();
      await input.fill(text);
      await opened.page.keyboard.press("Enter");
      await rated.nth(earlier).waitFor({ timeout: ANSWERING });
    },
  };
}

/** The page's own code, which its policy does not govern here. @param {import("playwright-core").Page} page @param {string} code */
const run = (page, code) => page.evaluate(code);

test("a conversation goes on from page to page, with what was being written, until the visitor begins a new one", async () => {
  const { page, widget, launcher, input, ask, calm, close } = await visitor();
  await page.goto(site.origin);
  await launcher.click();
  await ask(question);
  await input.fill("What about the");
  await page.goto(`${site.origin}/second`);
  await widget.locator(".asked").getByText(question).waitFor();
  assert.equal(await launcher.getAttribute("aria-expanded"), "true", "the panel is open as it was");
  assert.equal(await input.inputValue(), "What about the");
  assert.equal(await page.evaluate(() => document.activeElement?.localName), "body", "it takes no focus from a new page");
  await input.fill("");

  await widget.getByRole("button", { name: "New conversation" }).click();
  await comesTo(widget.locator(".asked"), 0);
  await page.reload();
  await input.waitFor();
  await comesTo(widget.locator(".asked"), 0, "the old one is over, though nothing was asked yet");
  await ask(unanswerable);
  await page.goto(site.origin);
  await widget.locator(".asked").getByText(unanswerable).waitFor();
  await comesTo(widget.locator(".asked"), 1);
  await page.keyboard.press("Tab");
  await input.focus();
  await page.keyboard.press("Escape");
  await page.reload();
  await launcher.waitFor();
  assert.equal(await launcher.getAttribute("aria-expanded"), "false", "closed stays closed");
  calm("two pages");
  await close();

  await visit(team.page, "Inbox");
  await team.page.getByRole("link", { name: question }).waitFor();
  await team.page.getByRole("link", { name: unanswerable }).waitFor();
});

test("on a phone a new page is seen first, not the panel", async () => {
  const { page, launcher, ask, widget, calm, close } = await visitor({ width: 390 });
  await page.goto(site.origin);
  await launcher.click();
  await ask(question);
  await page.goto(`${site.origin}/second`);
  await launcher.waitFor();
  assert.equal(await launcher.getAttribute("aria-expanded"), "false");
  await launcher.click();
  await widget.locator(".asked").getByText(question).waitFor();
  calm("a phone");
  await close();
});

/** A customer's server, which keeps what it is sent. */
async function openReceiver() {
  /** @type {{ headers: import("node:http").IncomingHttpHeaders, body: string }[]} */
  const posted = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part) => (body += part)).on("end", () => {
      posted.push({ headers: request.headers, body });
      response.writeHead(204).end();
    });
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", () => ready(undefined)));
  const bound = server.address();
  assert(bound !== null && typeof bound === "object");
  return { posted, url: `http://127.0.0.1:${bound.port}/hooks`, close: () => (server.closeAllConnections(), server.close()) };
}

/** The latest mail to `to`, once it is there: the server has no mail server, and writes files. @param {string} to */
async function mailTo(to) {
  const data = process.env["PERNOEX_TEST_DATA"];
  assert(data, "PERNOEX_TEST_DATA names the server's data folder");
  for (let tries = 0; tries < 200; tries += 1) {
    try {
      const folder = join(data, "mail");
      const mails = readdirSync(folder).filter((name) => name.endsWith(".eml")).sort().map((name) => readFileSync(join(folder, name), "utf8").replaceAll("=\r\n", ""));
      const mail = mails.findLast((text) => text.includes(`To: ${to}`));
      if (mail) return mail;
    } catch {
      // Made with the first mail.
    }
    await new Promise((resume) => setTimeout(resume, 50));
  }
  throw new Error(`no mail came to ${to}`);
}

test("who gets no answer asks for a person: the team has it by mail, by webhook and in the conversation", async () => {
  const receiver = await openReceiver();
  await visit(team.page, "Webhooks");
  await team.page.getByRole("button", { name: "Add webhook" }).click();
  await team.page.getByLabel("Address").fill(receiver.url);
  await team.page.keyboard.press("Enter");
  const secret = await team.page.getByRole("textbox", { name: "Signing secret" }).inputValue();
  await team.page.getByLabel("I have copied it").check();
  await team.page.getByRole("button", { name: "Done" }).click();
  await visit(team.page, "Widget");
  const panel = team.page.getByRole("region", { name: "Talk to a person" });
  await panel.getByLabel("Visitors can ask for a person").check();
  await panel.getByLabel("Mail it to").fill("nobody");
  await panel.getByRole("button", { name: "Save" }).click();
  await panel.getByText("Enter a complete email address").waitFor();
  assert.match(team.complaints.splice(0).join(), /422/, "the browser writes each refusal to the console");
  await panel.getByLabel("Mail it to").fill("support@halvern.example");
  await panel.getByRole("button", { name: "Save" }).click();
  await team.page.getByText("Saved", { exact: true }).waitFor();

  const { page, widget, launcher, ask, calm, close } = await visitor();
  await page.goto(`${site.origin}/second?private=1`);
  await launcher.click();
  await ask(unanswerable);
  await widget.locator(".ask-person").click();
  const form = widget.getByRole("form", { name: "Talk to a person" });
  await form.getByLabel("Your e-mail address").fill("grace");
  await form.getByRole("button", { name: "Send message" }).click();
  await form.getByRole("alert").getByText("Enter an e-mail address").waitFor();
  assert.deepEqual(await barriers(page), [], "the form");
  await shot(page, "widget-hand-off");
  await form.getByLabel("Your e-mail address").fill("grace@example.com");
  await form.getByLabel("Your message").fill("The vents stay open.");
  await form.getByRole("button", { name: "Send message" }).click();
  await widget.locator(".sent").waitFor();
  assert.equal(await widget.getByRole("textbox", { name: "Your question" }).evaluate((element) => element === /** @type {ShadowRoot} */ (element.getRootNode()).activeElement), true);
  assert.deepEqual(await barriers(page), [], "sent");
  await shot(page, "widget-handed-over");
  await page.reload();
  await widget.locator(".sent").waitFor();
  calm("asking for a person");
  await close();

  const mail = await mailTo("support@halvern.example");
  assert.match(mail, /Reply-To: grace@example\.com/);
  assert.match(mail, /The vents stay open\./);
  assert(mail.includes(unanswerable.slice(0, 20)), mail);
  assert(!mail.includes("private"), "the page is told without its query");
  const told = await new Promise((resolve) => {
    const look = setInterval(() => {
      const found = receiver.posted.find(({ body }) => JSON.parse(body).type === "conversation.handed_over");
      if (found) resolve((clearInterval(look), found));
    }, 50);
  });
  const { data } = JSON.parse(told.body);
  assert.equal(data.email, "grace@example.com");
  assert.equal(data.page, `${site.origin}/second`);
  assert.equal(data.transcript[0].text, unanswerable);
  const signed = createHmac("sha256", Buffer.from(secret.replace("whsec_", ""), "base64")).update(`${told.headers["webhook-id"]}.${told.headers["webhook-timestamp"]}.${told.body}`);
  assert.equal(told.headers["webhook-signature"], `v1,${signed.digest("base64")}`);
  await team.page.goto(`${new URL(team.page.url()).origin}/projects/${data.project}/conversations/${data.conversation}`);
  await team.page.getByRole("list", { name: "Transcript" }).getByText("The vents stay open.").waitFor();
  receiver.close();
});

test("a website says who its visitor is: they go on elsewhere, and nobody else reads it", async () => {
  await team.page.goBack();
  await visit(team.page, "Widget");
  const panel = team.page.getByRole("region", { name: "Signed-in visitors" });
  await panel.getByRole("button", { name: "Create secret" }).click();
  await team.page.getByRole("dialog").getByRole("button", { name: "Create secret" }).click();
  const secret = await team.page.getByRole("textbox", { name: "Signing secret" }).inputValue();
  assert.match(secret, /^idsec_[\w-]{43}$/);
  await team.page.getByLabel("I have copied it").check();
  await team.page.getByRole("button", { name: "Done" }).click();
  await panel.getByText(/^In use since/).waitFor();
  /** @param {string} sub @param {string} [by] */
  const token = (sub, by = secret) => new SignJWT({ name: "Grace", email: "grace@halvern.example" })
    .setProtectedHeader({ alg: "HS256" }).setSubject(sub).setAudience(key).setExpirationTime("1h").sign(new TextEncoder().encode(by));

  const first = await visitor();
  await first.page.goto(site.origin);
  await first.launcher.click();
  await first.ask(question); // Before they sign in.
  await run(first.page, `Pernoex.identify(${JSON.stringify(await token("user-1"))})`);
  await first.widget.locator(".asked").getByText(question).waitFor();
  await first.widget.getByRole("button", { name: "Talk to a person" }).first().click();
  assert.equal(await first.widget.getByLabel("Your e-mail address").inputValue(), "grace@halvern.example", "what is known need not be typed");
  first.calm("signing in");
  await first.close();

  // Elsewhere, named in the snippet.
  site.carry(snippet.replace(" async", ` data-user-token="${await token("user-1")}" async`));
  const second = await visitor();
  await second.page.goto(site.origin);
  await second.launcher.click();
  await second.widget.locator(".asked").getByText(question).waitFor();
  assert.deepEqual(await run(second.page, "Object.keys(localStorage)"), [], "who is named leaves nothing in the browser");
  // Somebody else signs in there.
  await run(second.page, `Pernoex.identify(${JSON.stringify(await token("user-2"))})`);
  await comesTo(second.widget.locator(".asked"), 0);
  second.calm("another device");

  // A forged token ends it all: nobody is let on in silence.
  const refused = await run(second.page, `Pernoex.identify(${JSON.stringify(await token("user-1", "idsec_guessed"))}).then(() => "taken", (problem) => problem.code)`);
  assert.equal(refused, "user_token_invalid");
  await second.input.fill("Who am I?");
  await second.page.keyboard.press("Enter");
  await second.widget.getByText("The chat could not confirm who you are.").waitFor();
  await run(second.page, "Pernoex.identify(null)");
  await second.ask(question);
  await second.close();
  site.carry(snippet);
});

test("a page's own code opens, asks, listens and takes the widget away again", async () => {
  const { page, widget, launcher, calm, close } = await visitor();
  await page.addInitScript(() => addEventListener("pernoex:ready", () => {
    const heard = /** @type {string[]} */ (Reflect.get(globalThis, "heard") ?? []);
    Reflect.set(globalThis, "heard", heard);
    for (const name of ["ready", "open", "close", "question", "answer"]) /** @type {any} */ (globalThis).Pernoex.on(name, (/** @type {any} */ detail) => heard.push(`${name} ${detail.outcome ?? detail.text ?? ""}`.trim()));
  }));
  await page.goto(site.origin);
  await page.waitForFunction("globalThis.Pernoex");
  await run(page, "Pernoex.open()");
  assert.equal(await launcher.getAttribute("aria-expanded"), "true");
  await run(page, "Pernoex.close()");
  await run(page, "Pernoex.toggle()");
  const answer = /** @type {{ outcome: string, text: string }} */ (await run(page, `Pernoex.ask(${JSON.stringify(question)})`));
  assert.equal(answer.outcome, "answered");
  assert.match(answer.text, questions[1]?.says ?? /never/);
  assert.deepEqual(await run(page, "heard"), ["ready", "open", "close", "open", `question ${question}`, "answer answered"]);
  await run(page, "Pernoex.destroy()");
  await comesTo(widget, 0);
  assert.equal(await run(page, "typeof Pernoex"), "undefined");
  calm("the page's own code");
  await close();
});

test("the npm package packs, types, does no harm on a server, and shows the widget in a page", async () => {
  const program = process.env["PERNOEX_TEST_PROGRAM"];
  assert(program, "PERNOEX_TEST_PROGRAM names the program");
  const folder = mkdtempSync(join(tmpdir(), "pernoex-widget-"));
  try {
    const made = join(folder, "package");
    execFileSync(program, ["widget", "package", made]);
    const [packed] = JSON.parse(execFileSync("npm", ["pack", "--json", "--offline"], { cwd: made, encoding: "utf8" }));
    assert.deepEqual(packed.files.map((/** @type {{ path: string }} */ { path }) => path).sort(), ["LICENSE", "README.md", "index.d.ts", "index.js", "package.json"]);
    // Installed as npm would, by unpacking.
    execFileSync("tar", ["-xzf", join(made, packed.filename), "-C", folder, "--one-top-level=node_modules/pernoex-widget", "--strip-components=1"]);
    writeFileSync(join(folder, "use.ts"), `import { createWidget, type Answer } from "pernoex-widget";
const widget = createWidget({ server: "https://support.example.com", key: "pk_x", userToken: undefined });
widget.on("answer", ({ question, outcome }) => { const kind: "answered" | "unanswered" = outcome; console.log(question, kind); });
const answer: Promise<Answer | null> = widget.ask("x");
// @ts-expect-error there is no such event
widget.on("nothing", () => {});
// @ts-expect-error a key is needed
createWidget({ server: "x" });
export { answer };
`);
    const tsc = fileURLToPath(new URL("node_modules/typescript/bin/tsc", import.meta.url));
    execFileSync(process.execPath, [tsc, "--noEmit", "--strict", "--exactOptionalPropertyTypes", "--module", "nodenext", "--lib", "es2022,dom", "--types", "", "use.ts"], { cwd: folder, stdio: "pipe" });
    const module = join(folder, "node_modules/pernoex-widget/index.js");
    assert.equal(typeof (await import(pathToFileURL(module).href)).createWidget, "function", "importing it where there is no page does nothing");

    files.set("/widget-module.js", readFileSync(module, "utf8"));
    files.set("/own.js", `import { createWidget } from "/widget-module.js"; globalThis.own = createWidget({ server: ${JSON.stringify(origin)}, key: ${JSON.stringify(key)}, language: "de" });`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const { page, widget, close, calm } = await visitor();
  site.carry('<script type="module" src="/own.js"></script>', origin);
  await page.goto(site.origin);
  await widget.locator(".launcher").click();
  await widget.getByRole("textbox", { name: "Ihre Frage" }).waitFor();
  calm("a page that brings its own code");
  await close();
  site.carry(snippet);
});
