import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { signUp } from "./people.mjs";
import { barriers, openBrowser, openPage, SERVER } from "./support.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<import("playwright-core").BrowserContext["storageState"]>>} */
let operator;
/** The private link of the report that is told of. */
let link = "";
let sheet = "";
const files = mkdtempSync(join(tmpdir(), "pernoex-report-"));

/** @param {Page} page @param {string} name */
const headed = (page, name) => page.getByRole("heading", { level: 1, name }).waitFor();

before(async () => {
  browser = await openBrowser();
  const { page, calm, close } = await openPage(browser);
  const person = await signUp(page);
  const program = process.env["PERNOEX_TEST_PROGRAM"];
  assert(program, "tests/services names the program");
  execFileSync(program, ["operator", "grant", person.email], { env: { PATH: process.env["PATH"], PERNOEX_DATA: process.env["PERNOEX_TEST_DATA"] } });
  operator = await page.context().storageState();
  writeFileSync(join(files, "proof.txt"), "curl -s https://halvern.example/widget\n");
  writeFileSync(join(files, "page.html"), "<script>alert(1)</script>");
  calm("becoming an operator");
  await close();
});
after(async () => {
  rmSync(files, { recursive: true });
  await browser.close();
});

test("a stranger reports anonymously, an operator answers, and the private link tells of it", async () => {
  const stranger = await openPage(browser);
  const { page } = stranger;
  await page.goto(`${SERVER}/sign-in`);
  await page.getByRole("link", { name: "Report a vulnerability" }).click();
  await headed(page, "Report a vulnerability");
  await page.getByRole("button", { name: "Send the report" }).click();
  assert.equal(await page.getByText("This is needed.").count(), 2, "what is missing is said beside its field");
  await page.getByLabel("What is it?").fill("The widget answers from another project");
  await page.getByLabel("How does it go?").fill("1. Open the widget of one project.\n2. Send the key of another.\n\n<img src=x onerror=alert(1)>");
  await page.getByLabel(/^Files/).setInputFiles([join(files, "proof.txt"), join(files, "page.html")]);
  await page.getByRole("checkbox", { name: /Stay anonymous/ }).check();
  assert.equal(await page.getByLabel(/^Your name/).isVisible(), false);
  await page.getByRole("button", { name: "Send the report" }).click();
  await headed(page, "Your report is here");
  await page.getByText(/page\.html: This kind of file is not taken/).waitFor();
  link = (await page.getByLabel("Private link", { exact: true }).innerText()).trim();
  assert.match(link, /\/security\/status#rep_[\w-]{43}$/);
  /** @type {string[]} */
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.getByRole("link", { name: "Go to your report" }).click();
  await headed(page, "The widget answers from another project");
  await page.getByText("proof.txt").waitFor();
  assert(asked.every((url) => !url.includes("rep_")), "no address that is asked for has the token in it");
  assert.equal(await page.locator("main img").count(), 0);

  const desk = await openPage(browser);
  await desk.page.context().addCookies(operator.cookies);
  await desk.page.goto(`${SERVER}/projects`);
  await desk.page.getByRole("button", { name: "Account menu" }).click();
  await desk.page.getByRole("link", { name: "Reports" }).click();
  await headed(desk.page, "Reports");
  const column = desk.page.getByRole("region", { name: "Received" });
  await column.getByText(/^Acknowledge in/).first().waitFor();
  await column.getByRole("link", { name: "The widget answers from another project" }).first().click();
  await headed(desk.page, "The widget answers from another project");
  sheet = desk.page.url();
  const download = desk.page.waitForEvent("download");
  await desk.page.getByRole("link", { name: "proof.txt" }).click();
  assert.equal((await download).suggestedFilename(), "proof.txt");
  await desk.page.getByRole("button", { name: "Acknowledge" }).click();
  const dialog = desk.page.getByRole("dialog", { name: "Acknowledge" });
  await dialog.getByLabel(/^What you tell the reporter/).fill("Thank you. We are looking into it.");
  await dialog.getByRole("button", { name: "Acknowledge" }).click();
  await desk.page.getByRole("button", { name: "Confirm" }).click();
  await desk.page.getByRole("dialog", { name: "Confirm" }).getByRole("button", { name: "Confirm" }).click();
  await desk.page.getByRole("button", { name: "Give a timeline" }).click();
  const timeline = desk.page.getByRole("dialog", { name: "Give a timeline" });
  await timeline.getByLabel("To be mended by").fill("2099-12-24");
  await timeline.getByRole("button", { name: "Give a timeline" }).click();
  await desk.page.getByText("To be mended by 2099-12-24").waitFor();
  await desk.page.getByLabel("Write").fill("The cache is to blame.");
  await desk.page.getByRole("button", { name: "Note for operators" }).click();
  await desk.page.getByText("The cache is to blame.").waitFor();
  desk.calm("the board");
  await desk.close();

  await page.reload();
  await page.getByText("Thank you. We are looking into it.").waitFor();
  await page.getByText(/To be mended by Thursday/).waitFor();
  assert.equal(await page.getByText("The cache is to blame.").count(), 0);
  await page.getByLabel("Write something").fill("It is in the last version too.");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("It is in the last version too.").waitFor();
  // Of the file that was refused: browsers write each 415 to the console.
  assert.deepEqual(stranger.complaints.filter((line) => !line.includes("415") || !line.includes("/disclosure/status/files")), []);
  await stranger.close();
});

test("what is resolved says no more by when it is mended, and is thanked and listed on a phone in one way", async () => {
  const { page, calm, close } = await openPage(browser, { width: 375 });
  await page.context().addCookies(operator.cookies);
  await page.goto(sheet);
  await page.getByText("To be mended by 2099-12-24").waitFor();
  await page.getByRole("button", { name: "Resolve" }).click();
  await page.getByRole("dialog", { name: "Resolve" }).getByRole("button", { name: "Resolve" }).click();
  await page.getByRole("button", { name: "Thank in public" }).click();
  await page.getByText("Thanked in public").waitFor();
  assert.equal(await page.getByText("To be mended by").count(), 0);
  await page.goto(`${SERVER}/operator/reports`);
  const closed = page.getByRole("cell", { name: /^Closed|just now/ }).first();
  await closed.waitFor();
  assert.ok(await page.locator(".report-closed").evaluate((table) => table.scrollWidth <= table.clientWidth && table.getBoundingClientRect().right <= innerWidth), "no column is cut");
  if (process.env["PERNOEX_SHOTS"]) await page.screenshot({ path: `${process.env["PERNOEX_SHOTS"]}/board-375.png`, fullPage: true });
  // A short name and a long one: the month is at the same edge.
  await page.route("**/api/v1/disclosure/thanks", (route) => route.fulfill({ json: { thanked: [{ name: "Bo", month: "2026-09" }, { name: "Dr Wilhelmina van Oosterhout-Featherstone of Halvern", month: "2026-09" }, { name: "W".repeat(60), month: "2026-05" }, { name: null, month: "2026-09" }] } }));
  await page.goto(`${SERVER}/security/thanks`);
  await page.locator(".report-thanks").waitFor();
  const edges = await page.locator(".report-thanks li").evaluateAll((lines) => lines.map((line) => {
    const [name, month] = [...line.children].map((part) => part.getBoundingClientRect());
    return [Math.round(month?.right ?? 0), (month?.left ?? 0) >= (name?.right ?? 0)].join();
  }));
  assert.equal(new Set(edges).size, 1, edges.join(" "));
  assert.match(edges[0] ?? "", /true$/);
  if (process.env["PERNOEX_SHOTS"]) await page.screenshot({ path: `${process.env["PERNOEX_SHOTS"]}/thanks-375.png` });
  calm("a resolved report");
  await close();
});

test("an operator writes the contact page, and what came with the software comes back", async () => {
  const { page, calm, close } = await openPage(browser);
  await page.context().addCookies(operator.cookies);
  await page.goto(`${SERVER}/operator/texts/contact`);
  await page.getByLabel("Text").fill("# Who we are\n\nHalvern Ltd, **Delft**.\n\n## Post\n\n<b>No</b> [map](https://halvern.example/map)");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved").waitFor();
  await page.getByRole("link", { name: "See the page" }).click();
  await headed(page, "Who we are");
  await page.locator("main strong").getByText("Delft").waitFor();
  assert.equal(await page.locator("main .public-text b").count(), 0);
  await page.goto(`${SERVER}/operator/texts/contact`);
  await page.getByRole("button", { name: "Set back" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Set back" }).click();
  await page.getByText("As it came with the software.").waitFor();
  calm("the public pages");
  await close();
});

test("a link that is none says so, and the board is there for operators alone", async () => {
  const { page, complaints, close } = await openPage(browser);
  await page.goto(`${SERVER}/security/status`);
  await page.getByLabel("Private link").fill("https://example.com/");
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByText(/This is no link to a report/).waitFor();
  await page.getByLabel("Private link").fill(`${SERVER}/security/status#rep_nothing`);
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByRole("alert").waitFor();
  await page.goto(`${SERVER}/operator/reports`);
  await headed(page, "Page not found");
  // Browsers write each 404 to the console.
  assert(complaints.every((line) => line.includes("404")), complaints.join("\n"));
  await close();
});

for (const theme of /** @type {const} */ (["light", "dark"])) {
  for (const width of [1280, 390]) {
    test(`the pages around reports have no barrier and no complaint, ${theme}, ${width} pixels wide`, async () => {
      const { page, calm, close } = await openPage(browser, { theme, width });
      await page.context().addCookies(operator.cookies);
      const shots = process.env["PERNOEX_TEST_PICTURES"];
      if (shots) mkdirSync(shots, { recursive: true });
      for (const [name, address, what] of /** @type {const} */ ([
        ["form", "/security/report", "Report a vulnerability"],
        ["ask", "/security/status", "Your report"],
        ["status", link.slice(SERVER.length), "The widget answers from another project"],
        ["thanks", "/security/thanks", "Thanks"],
        ["contact", "/contact", "Contact"],
        ["privacy", "/privacy", "Privacy"],
        ["board", "/operator/reports", "Reports"],
        ["sheet", sheet.slice(SERVER.length), "The widget answers from another project"],
        ["texts", "/operator/texts/privacy", "Public pages"],
      ])) {
        // A fragment alone is no new page.
        await page.goto("about:blank");
        await page.goto(SERVER + address);
        await headed(page, what);
        await page.locator("[aria-busy]").waitFor({ state: "detached" });
        if (shots) await page.screenshot({ path: join(shots, `${name}-${theme}-${width}.png`), fullPage: true });
        assert.deepEqual(await barriers(page), [], name);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(overflow, 0, `pixels wider than the window: ${name}`);
      }
      calm(`the pages around reports, ${theme}, ${width}`);
      await close();
    });
  }
}
