import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { questions, unanswerable } from "./fixtures/product.mjs";
import { allowWebsite, createProject, signUp, uploadDocuments, visit } from "./people.mjs";
import { comesTo, openBrowser, openPage, openSite, ANSWERING, SERVER } from "./support.mjs";

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof openSite>>} */
let listed;
/** @type {Awaited<ReturnType<typeof openSite>>} */
let unlisted;
/** @type {Awaited<ReturnType<typeof openPage>>} */
let team;
let snippet = "";

before(async () => {
  [browser, listed, unlisted] = await Promise.all([openBrowser(), openSite(), openSite()]);
  team = await openPage(browser);
  await signUp(team.page);
  await createProject(team.page, "Halvern H3");
  await uploadDocuments(team.page);
  snippet = await allowWebsite(team.page, listed.origin);
  listed.carry(snippet);
  unlisted.carry(snippet);
});
after(async () => {
  listed.close();
  unlisted.close();
  await browser.close();
});

/** The three parts of the snippet that the stories need. */
function widgetAddress() {
  const [, src = "", key = ""] = /src="([^"]+)" data-key="([^"]+)"/.exec(snippet) ?? [];
  return { origin: new URL(src).origin, key };
}

/** @param {import("playwright-core").Page} page @param {string} question */
async function askWidget(page, question) {
  const widget = page.locator("pernoex-widget");
  const rated = widget.getByRole("button", { name: "Not helpful" });
  const earlier = await rated.count();
  await widget.getByRole("textbox", { name: "Your question" }).fill(question);
  await page.keyboard.press("Enter");
  await rated.nth(earlier).waitFor({ timeout: ANSWERING });
  return widget.getByRole("log").locator(":scope > div").last();
}

test("on an allowed website a visitor gets an answer with its source, and the team sees it", async () => {
  const { page, calm, close } = await openPage(browser, { sites: [listed.origin, widgetAddress().origin] });
  await page.goto(listed.origin);
  const launcher = page.locator("pernoex-widget .launcher");
  await launcher.click();
  const input = page.locator("pernoex-widget").getByRole("textbox", { name: "Your question" });
  assert.equal(await input.evaluate((element) => element === /** @type {ShadowRoot} */ (element.getRootNode()).activeElement), true, "opening puts the cursor into the question");

  const question = questions[1];
  assert(question);
  const answer = await askWidget(page, question.ask);
  assert.match(await answer.innerText(), question.says);
  const mark = answer.getByRole("button", { name: /^Source 1: / });
  assert.match((await mark.first().getAttribute("aria-label")) ?? "", question.title);
  await mark.first().click();
  assert.equal(await mark.first().getAttribute("aria-expanded"), "true");
  assert.match(await answer.locator(".more:visible").innerText(), /A23/);

  const recorded = page.waitForResponse((response) => response.url().endsWith("/feedback") && response.request().method() === "POST");
  await answer.getByRole("button", { name: "Helpful", exact: true }).click();
  assert.equal((await recorded).status(), 204);
  assert.equal(await answer.getByRole("button", { name: "Helpful", exact: true }).getAttribute("aria-pressed"), "true");

  const honest = await askWidget(page, unanswerable);
  await comesTo(honest.locator(".unsure"), 1, "the widget says that it does not know");

  // The next page of the site remembers the conversation and the thumb.
  await page.reload();
  await page.locator("pernoex-widget .asked").getByText(question.ask).waitFor();
  assert.equal(await page.locator("pernoex-widget").getByRole("button", { name: "Helpful", exact: true }).first().getAttribute("aria-pressed"), "true");
  await input.focus();
  await page.keyboard.press("Escape");
  assert.equal(await launcher.getAttribute("aria-expanded"), "false");
  calm("the customer's website");
  await close();

  await visit(team.page, "Inbox");
  const line = team.page.getByRole("listitem").filter({ has: team.page.getByRole("link", { name: question.ask }) });
  await line.getByText("1 helpful").waitFor();
  await line.getByText("1 unanswered").waitFor();
  await line.getByText(new URL(listed.origin).host).waitFor();
  await line.getByRole("link", { name: question.ask }).click();
  await team.page.getByRole("list", { name: "Transcript" }).getByText(unanswerable).waitFor();
  team.calm("the dashboard");
});

test("the widget is as light or dark as the page around it, whatever the visitor's system prefers", async () => {
  const { page, calm, close } = await openPage(browser, { theme: "dark", sites: [listed.origin, widgetAddress().origin] });
  await page.goto(listed.origin); // A page for both schemes.
  await page.locator("pernoex-widget .launcher").click();
  const panel = page.locator("pernoex-widget .panel");
  const ground = () => panel.evaluate((element) => getComputedStyle(element).backgroundColor);
  assert.equal(await ground(), "rgb(22, 24, 29)");
  await page.evaluate(() => (document.body.style.backgroundColor = "#fafafa"));
  await page.locator("pernoex-widget .root:not(.dark)").waitFor({ state: "attached" });
  assert.equal(await ground(), "rgb(255, 255, 255)");
  await page.evaluate(() => (document.body.style.backgroundColor = "#101418"));
  await page.locator("pernoex-widget .root.dark").waitFor({ state: "attached" });
  calm("a page that changes its colours");
  await close();
});

test("on a website that is not listed the widget does not show itself", async () => {
  const { page, complaints, close } = await openPage(browser, { sites: [unlisted.origin, widgetAddress().origin] });
  const warned = page.waitForEvent("console", (message) => message.type() === "warning" && message.text().startsWith("Pernoex: "));
  await page.goto(unlisted.origin);
  await warned;
  await comesTo(page.locator("pernoex-widget"), 0);
  assert.deepEqual(complaints.filter((text) => /policy violation|uncaught|left for/.test(text)), []);
  await close();
});

test("the server itself refuses an origin that is not listed, whatever the page does", async () => {
  const { origin, key } = widgetAddress();
  assert.deepEqual(await visitFrom(origin, key, listed.origin), { status: 201, code: undefined });
  assert.deepEqual(await visitFrom(origin, key, unlisted.origin), { status: 403, code: "origin_not_allowed" });
  assert.deepEqual(await visitFrom(origin, key, `${listed.origin}.example.com`), { status: 403, code: "origin_not_allowed" });
  assert.deepEqual(await visitFrom(origin, key, "null"), { status: 403, code: "origin_not_allowed" });
  assert.deepEqual(await visitFrom(origin, `${key}x`, listed.origin), { status: 404, code: "not_found" });
});

/** Begins a visit outside the browser, which would not let us choose the Origin. @param {string} server @param {string} key @param {string} from @returns {Promise<{ status: number | undefined, code: string | undefined }>} */
const visitFrom = (server, key, from) =>
  new Promise((resolve, reject) => {
    const call = request(`${server}/api/v1/widget/${key}/visits`, { method: "POST", headers: { origin: from, "content-type": "application/json" } }, async (response) => {
      let body = "";
      for await (const chunk of response) body += chunk;
      resolve({ status: response.statusCode, code: JSON.parse(body).code });
    });
    call.on("error", reject);
    call.end("{}");
  });
