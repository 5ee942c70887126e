/** Names that no line holds: whatever somebody is called, nothing sticks out. Set PERNOEX_SHOTS to a folder to keep pictures. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { createProject, visit } from "./people.mjs";
import { openBrowser, openPage, READING, SERVER } from "./support.mjs";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

const LONG = "W".repeat(80);

test("names of eighty letters and no space fit every page, on a desk and on a phone", async () => {
  const { page, calm, close } = await openPage(browser);
  const email = `${randomBytes(5).toString("hex")}${"w".repeat(50)}@${"w".repeat(60)}.example`;
  await page.goto(`${SERVER}/sign-up`);
  await page.getByLabel("Workspace name").fill(LONG);
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill("velvet canyon trombone");
  await page.getByRole("button", { name: "Create account" }).click();
  await page.waitForURL(`${SERVER}/projects`);
  const project = new URL(await createProject(page, LONG)).pathname;
  await visit(page, "Documents");
  await page.locator("input[type=file]").first().setInputFiles({ name: `${LONG}.md`, mimeType: "text/markdown", buffer: Buffer.from(`# ${LONG}\n\nVents open at dawn.`) });
  const row = page.getByRole("row").filter({ has: page.getByRole("link", { name: `${LONG}.md`, exact: true }) });
  await row.getByText("Ready", { exact: true }).waitFor({ timeout: READING });
  const document = await row.getByRole("link", { name: `${LONG}.md`, exact: true }).getAttribute("href") ?? "";
  const places = ["/projects", "/team", "/audit", "/workspace", "/workspace/slack", "/workspace/integrations", "/account", document];
  for (const tab of ["", "/documents", "/sources", "/curated-answers", "/ask", "/conversations", "/todos", "/analytics", "/widget", "/webhooks", "/voice", "/settings"]) places.push(project + tab);
  for (const { width, theme } of /** @type {const} */ ([{ width: 1280, theme: "light" }, { width: 390, theme: "dark" }])) {
    await page.setViewportSize({ width, height: 860 });
    await page.emulateMedia({ colorScheme: theme });
    for (const path of places) {
      await page.goto(SERVER + path);
      await page.getByRole("heading", { level: 1 }).first().waitFor();
      await page.locator("[aria-busy=true]").first().waitFor({ state: "detached" });
      const over = await page.evaluate(() => window.document.documentElement.scrollWidth - window.document.documentElement.clientWidth);
      const shots = process.env["PERNOEX_SHOTS"];
      if (shots) await page.screenshot({ path: `${shots}/long${path.replace(project, "-project").replaceAll("/", "-")}-${width}.png` });
      assert.ok(over <= 0, `${path} at ${width}: ${over} px stick out`);
    }
    await page.getByRole("button", { name: "Account menu" }).click();
    const menu = await page.locator(".account-panel").evaluate((panel) => panel.scrollWidth - panel.clientWidth);
    assert.ok(menu <= 0, `the account menu at ${width}`);
    await page.keyboard.press("Escape");
    if (width < 800) continue;
    const back = page.getByRole("navigation", { name: "Workspace", exact: true }).getByRole("link", { name: "Projects" });
    assert.ok(await back.evaluate((link) => link.scrollWidth <= link.clientWidth), "the way back is read in full");
    const lines = await page.getByRole("navigation", { name: "Workspace pages" }).getByRole("link").evaluateAll((links) => links.map((link) => link.getClientRects().length));
    assert.deepEqual(lines, [1, 1, 1], "each name in the header is on one line");
  }
  calm("long names");
  await close();
});
