import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { createProject, signUp, visit } from "./people.mjs";
import { barriers, comesTo, openBrowser, openPage, SERVER } from "./support.mjs";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

const shots = process.env["SHOTS"];
if (shots) mkdirSync(shots, { recursive: true });

for (const [theme, width] of /** @type {const} */ ([["light", 1280], ["dark", 390]])) {
  test(`an owner says what is kept, and forgets a visitor, ${theme}, ${width} pixels wide`, async (t) => {
    const { page, calm, close } = await openPage(browser, { theme, width });
    t.after(close);
    const seen = async (/** @type {string} */ where) => {
      if (shots) await page.screenshot({ path: `${shots}/privacy-${where.replaceAll(" ", "-")}-${theme}-${width}.png`, fullPage: true });
      assert.deepEqual(await barriers(page), [], where);
      const scrolls = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(scrolls, 0, `${where}: nothing is wider than the window`);
    };
    await signUp(page);
    await createProject(page, "Lantern");
    const project = new URL(page.url()).pathname.split("/")[2] ?? "";
    await visit(page, "Ask");
    await page.getByRole("textbox", { name: "Your question" }).fill("Can you write to ada.private@example.com about it?");
    await page.keyboard.press("Enter");
    await page.getByRole("group", { name: "Was this answer helpful?" }).first().waitFor();
    await visit(page, "Inbox");
    await page.getByRole("link", { name: "Can you write to [email] about it?" }).waitFor();

    await visit(page, "Settings");
    const privacy = page.getByRole("region", { name: "Privacy" });
    await privacy.getByRole("checkbox", { name: "Email addresses" }).waitFor();
    await seen("settings");
    const save = privacy.getByRole("button", { name: "Save privacy settings" });
    assert.equal(await save.isDisabled(), true, "nothing is changed yet");
    await privacy.getByRole("checkbox", { name: "Phone numbers" }).uncheck();
    await privacy.getByRole("radio", { name: "For a number of days" }).check();
    await privacy.getByLabel("Days after the last message").fill("30");
    await save.click();
    await page.getByText("Privacy settings saved").waitFor();
    await privacy.getByText("Last deletion: 0 conversations").waitFor();
    await seen("kept for thirty days");
    await page.reload();
    assert.equal(await privacy.getByRole("checkbox", { name: "Phone numbers" }).isChecked(), false);
    assert.equal(await privacy.getByLabel("Days after the last message").inputValue(), "30");
    calm("the settings");

    // A visitor who is not there; the browser writes the refusal to its console.
    const visitors = page.getByRole("region", { name: "A visitor’s data" });
    await visitors.getByLabel("Visitor id").fill("01a20b41-557d-7255-8b08-6f3f637673f7");
    await visitors.getByRole("button", { name: "Find" }).click();
    await visitors.getByText("Nothing is stored of a visitor with this id.").waitFor();

    // Somebody asks at the widget, as their browser does.
    const site = "https://www.example.com";
    const key = await page.evaluate(async ([project, site]) => {
      const { csrf_token: token } = await (await fetch("/api/v1/session")).json();
      const headers = { "content-type": "application/json", "x-csrf-token": token };
      return (await (await fetch(`/api/v1/projects/${project}/widget`, { method: "PATCH", headers, body: JSON.stringify({ allowed_origins: [site] }) })).json()).public_key;
    }, [project, site]);
    const request = page.context().request;
    const visit1 = await request.post(`${SERVER}/api/v1/widget/${key}/visits`, { headers: { origin: site }, data: {} });
    const { token } = await visit1.json();
    const asked = await request.post(`${SERVER}/api/v1/widget/${key}/questions`, { headers: { origin: site, authorization: `Bearer ${token}` }, data: { question: "Who keeps what I say?" } });
    assert.equal(asked.status(), 200);
    await visit(page, "Inbox");
    await page.getByRole("link", { name: "Who keeps what I say?" }).click();
    await page.getByRole("heading", { level: 1, name: "Who keeps what I say?" }).waitFor();
    await page.getByRole("button", { name: "Visitor’s data" }).click();
    const downloading = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: "Export visitor’s data" }).click();
    assert.match((await downloading).suggestedFilename(), /^visitor-[\w-]+\.json$/);
    await page.getByRole("button", { name: "Visitor’s data" }).click();
    await seen("a transcript with its menu");
    await page.getByRole("menuitem", { name: "Erase visitor" }).click();
    await page.getByRole("dialog", { name: "Erase this visitor?" }).getByRole("button", { name: "Erase visitor" }).click();
    await page.getByText("Erased 2 messages").waitFor();
    await page.getByRole("heading", { level: 1, name: "Inbox" }).waitFor();
    await comesTo(page.getByRole("link", { name: "Who keeps what I say?" }), 0);
    const again = await request.post(`${SERVER}/api/v1/widget/${key}/questions`, { headers: { origin: site, authorization: `Bearer ${token}` }, data: { question: "And now?" } });
    assert.equal(again.status(), 401, "their token is dead");
  });
}
