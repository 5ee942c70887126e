import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { questions, unanswerable } from "./fixtures/product.mjs";
import { allowWebsite, ask, createProject, signUp, uploadDocuments, visit } from "./people.mjs";
import { ANSWERING, barriers, openBrowser, openPage, openSite, READING, SERVER } from "./support.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof openSite>>} */
let site;
/** Everything a signed-in profile needs to start from. @type {Awaited<ReturnType<import("playwright-core").BrowserContext["storageState"]>>} */
let signedIn;
/** @type {[name: string, path: string, settled: (page: Page) => Promise<unknown>][]} */
let pages = [];
let snippet = "";

before(async () => {
  [browser, site] = await Promise.all([openBrowser(), openSite()]);
  const { page, calm, close } = await openPage(browser);
  await signUp(page);
  const project = new URL(await createProject(page, "Halvern H3")).pathname;
  const document = [...(await uploadDocuments(page)).values()][0] ?? "";
  await page.locator("input[type=file]").first().setInputFiles({ name: "torn.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\ntorn") });
  const torn = page.getByRole("row").filter({ hasText: "torn.pdf" });
  await torn.getByText("Could not be read").waitFor({ timeout: READING });
  const broken = (await torn.getByRole("link").first().getAttribute("href")) ?? "";
  const empty = await createEmptyProject(page);
  await page.goto(SERVER + project);
  await visit(page, "Ask");
  await ask(page, questions[0]?.ask ?? "");
  await ask(page, unanswerable);
  const asked = new URL(page.url());
  const conversation = asked.searchParams.get("conversation");
  snippet = await allowWebsite(page, site.origin);
  site.carry(snippet);
  signedIn = await page.context().storageState();
  calm("the way here");
  await close();

  const headed = (/** @type {string | RegExp} */ name) => (/** @type {Page} */ page) => page.getByRole("heading", { level: 1, name }).waitFor();
  const shows = (/** @type {string | RegExp} */ text) => (/** @type {Page} */ page) => page.locator("main").getByText(text).filter({ visible: true }).first().waitFor();
  pages = [
    ["projects", "/projects", shows("Halvern H3")],
    ["overview", project, shows(/Setup/)],
    ["documents", `${project}/documents`, (page) => page.getByRole("row").getByText("Ready", { exact: true }).first().waitFor()],
    ["one document", document, shows(/Mounting/)],
    ["a document that could not be read", broken, shows(/is damaged/)],
    ["the overview of an empty project", empty, shows(/Setup/)],
    ["no documents", `${empty}/documents`, shows("No documents yet")],
    ["no conversations", `${empty}/conversations`, shows("No conversations yet")],
    ["analytics without questions", `${empty}/analytics`, shows("Nobody asked in this period")],
    ["no curated answers", `${project}/curated-answers`, shows("No curated answers yet")],
    ["an answer to write", `${project}/curated-answers/new?question=How%3F`, shows("The answer appears here as you write it.")],
    ["an empty ask page", `${project}/ask`, headed("Ask")],
    ["ask with answers", asked.pathname + asked.search, shows("No answer in your documents")],
    ["nothing to do", `${empty}/todos`, shows("Nothing to do")],
    ["the inbox", `${project}/conversations`, shows(questions[0]?.ask ?? "")],
    ["one conversation", `${project}/conversations/${conversation}`, shows("No answer in your documents")],
    ["analytics", `${project}/analytics`, shows("Most cited documents")],
    ["widget", `${project}/widget`, (page) => page.locator("pernoex-widget").getByRole("textbox", { name: "Your question" }).waitFor()],
    ["no voice agent", `${empty}/voice`, shows("No voice agent yet")],
    ["no sources", `${empty}/sources`, shows("Connect where your knowledge lives")],
    ["a website to add", `${empty}/sources/new/website`, headed("Add a website")],
    ["GitHub to add", `${empty}/sources/new/github`, shows(/no app at GitHub yet|Connect GitHub first/)],
    ["connections", "/workspace/integrations", shows("No account is connected")],
    ["no webhooks", `${project}/webhooks`, shows("No webhooks yet")],
    ["settings", `${project}/settings`, shows("Danger zone")],
    ["Slack", "/workspace/slack", shows(/Slack workspace is connected|no Slack app yet/)],
    ["an address that does not exist", "/projects/nothing/here", headed("Page not found")],
  ];
});
after(async () => {
  site.close();
  await browser.close();
});

/** @param {Page} page */
async function createEmptyProject(page) {
  await page.goto(`${SERVER}/projects`);
  return new URL(await createProject(page, "Halvern H4")).pathname;
}

for (const theme of /** @type {const} */ (["light", "dark"])) {
  test(`signing up and in has no barrier and no complaint, ${theme}`, async () => {
    for (const [path, name] of [["/sign-up", "Create account"], ["/sign-in", "Sign in"]]) {
      const { page, calm, close } = await openPage(browser, { theme });
      await page.goto(SERVER + path);
      await page.getByRole("button", { name, exact: true }).click(); // The messages about what is missing are part of the page.
      assert.deepEqual(await barriers(page), [], `${path}, ${theme}`);
      calm(`${path}, ${theme}`);
      await close();
    }
  });

  for (const width of [1280, 390]) {
    test(`no page of the dashboard has a barrier or a complaint, ${theme}, ${width} pixels wide`, async () => {
      const { page, calm, close } = await openPage(browser, { theme, width });
      await page.context().addCookies(signedIn.cookies);
      /** @type {string[]} */
      const found = [];
      for (const [name, path, settled] of pages) {
        const response = await page.goto(SERVER + path);
        const policy = response?.headers()["content-security-policy"] ?? "";
        if (!policy.includes("default-src 'none'") || !policy.includes("require-trusted-types-for 'script'")) found.push(`${name}: its policy is “${policy}”`);
        await settled(page);
        found.push(...(await barriers(page)).map((barrier) => `${name}: ${barrier}`));
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (overflow > 0) found.push(`${name}: ${overflow} pixels wider than the window`);
        calm(`${name}, ${theme}, ${width}`);
      }
      assert.deepEqual(found, [], `${theme}, ${width} pixels wide`);
      await close();
    });

    test(`the open widget has no barrier and no complaint, ${theme}, ${width} pixels wide`, async () => {
      const { page, calm, close } = await openPage(browser, { theme, width, sites: [site.origin, new URL(/src="([^"]+)"/.exec(snippet)?.[1] ?? "").origin] });
      await page.goto(site.origin);
      const widget = page.locator("pernoex-widget");
      await widget.locator(".launcher").click();
      assert.deepEqual(await barriers(page), [], `just opened, ${theme}, ${width}`);
      for (const question of [questions[2]?.ask ?? "", unanswerable]) {
        await widget.getByRole("textbox", { name: "Your question" }).fill(question);
        await page.keyboard.press("Enter");
        await widget.locator(".log[aria-busy=false] .asked").getByText(question).waitFor({ timeout: ANSWERING });
      }
      await widget.getByRole("button", { name: /^Source 1: / }).first().click();
      assert.deepEqual(await barriers(page), [], `answered, ${theme}, ${width}`);
      calm(`the widget, ${theme}, ${width}`);
      await close();
    });
  }
}
