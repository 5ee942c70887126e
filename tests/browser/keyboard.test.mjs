import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { documents, questions } from "./fixtures/product.mjs";
import { arrowTo, focused, isOn, tabTo } from "./keyboard.mjs";
import { allowWebsite, createProject, signUp, uploadDocuments } from "./people.mjs";
import { ANSWERING, openBrowser, openPage, openSite, READING, SERVER } from "./support.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

/** @param {Page} page @param {string} name of an entry of the project's navigation */
async function goTo(page, name) {
  await tabTo(page, name, { back: true });
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
}

test("the whole main job is done without a mouse", async () => {
  const { page, calm, close } = await openPage(browser);
  const { keyboard } = page;
  const name = randomBytes(5).toString("hex");
  // From now on, or the first chooser may open before the browser was told to leave it to the test.
  page.on("filechooser", () => {});

  await page.goto(`${SERVER}/sign-up`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await keyboard.press("Tab");
  await isOn(page, "Skip to content", "the first stop");
  await tabTo(page, "Workspace name");
  await keyboard.type(`Halvern ${name}`);
  await tabTo(page, "Email");
  await keyboard.type(`${name}@halvern.example`);
  await tabTo(page, "Password");
  await keyboard.type("greenhouse vents at dawn");
  await keyboard.press("Enter");
  await page.waitForURL(`${SERVER}/projects`);
  await page.getByRole("heading", { level: 1, name: "Projects" }).waitFor();

  // A dialog takes the focus, Escape gives it back to what opened it.
  await tabTo(page, "New project");
  await keyboard.press("Enter");
  await isOn(page, "Project name", "in the dialog");
  await keyboard.press("Escape");
  await isOn(page, "New project", "after the dialog");
  await keyboard.press("Enter");
  await keyboard.type("Halvern H3");
  await keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Halvern H3" }).waitFor();
  await page.waitForFunction(() => document.activeElement?.localName === "h1");

  await goTo(page, "Documents");
  await tabTo(page, "Choose files");
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), keyboard.press("Space")]);
  await chooser.setFiles(documents);
  const guide = documents[0]?.name ?? "";
  for (const document of documents) {
    await page.getByRole("row").filter({ hasText: document.name }).getByText("Ready", { exact: true }).waitFor({ timeout: READING });
  }

  // A menu opens on its first entry, arrows move in it, Escape gives the focus back, and so does the dialog that it opened.
  const actions = `Actions for ${guide}`;
  await tabTo(page, actions);
  await keyboard.press("Enter");
  await isOn(page, "View", "the menu's first entry");
  await keyboard.press("Escape");
  await isOn(page, actions, "after the menu");
  await keyboard.press("Enter");
  await arrowTo(page, "Name and link");
  await keyboard.press("Enter");
  await isOn(page, "Name", "in the dialog that the menu opened");
  await keyboard.press("Escape");
  await isOn(page, actions, "after the menu's dialog");
  await keyboard.press("Enter");
  await arrowTo(page, "Name and link");
  await keyboard.press("Enter");
  await keyboard.press("ControlOrMeta+A");
  await keyboard.type("guide.md");
  await keyboard.press("Enter");
  await page.getByRole("link", { name: "guide.md", exact: true }).waitFor();

  await goTo(page, "Ask");
  await isOn(page, "Your question", "on the Ask page");
  await keyboard.type(questions[1]?.ask ?? "");
  await keyboard.press("Enter");
  await page.getByRole("group", { name: "Was this answer helpful?" }).waitFor({ timeout: ANSWERING });
  await isOn(page, "Your question", "after the answer");
  await tabTo(page, "Yes", { back: true });
  await keyboard.press("Space");
  await page.getByRole("button", { name: "Yes", pressed: true }).waitFor();
  await tabTo(page, /^Source 1: /, { back: true });
  await keyboard.press("Enter");
  await page.getByRole("button", { name: /^Source 1: /, expanded: true }).first().waitFor();
  await tabTo(page, "Open in document");

  await goTo(page, "Widget");
  await page.getByRole("button", { name: "Save domains" }).waitFor();
  await tabTo(page, "Allowed domain");
  await keyboard.type("https://www.halvern.example");
  await keyboard.press("Enter");
  await page.getByText("Domains saved").waitFor();

  // What was typed is not lost to a link, nor to the Back button.
  await tabTo(page, "Title");
  await keyboard.type(" and more");
  await tabTo(page, "Settings", { back: true });
  await keyboard.press("Enter");
  const leave = page.getByRole("dialog", { name: "Leave without saving?" });
  await leave.waitFor();
  await keyboard.press("Escape");
  await isOn(page, "Settings", "after staying");
  assert.match(page.url(), /\/widget$/);
  await page.evaluate(() => history.back());
  await leave.waitFor();
  assert.match(page.url(), /\/widget$/, "the address stays until there is an answer");
  await keyboard.press("Escape");
  await leave.waitFor({ state: "detached" });
  assert.match(await page.getByLabel("Title").inputValue(), / and more$/);
  await page.evaluate(() => history.back());
  await leave.waitFor();
  await tabTo(page, "Leave");
  await keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Ask", exact: true }).waitFor();

  // A chart is one stop, and its days are read with the arrows.
  await goTo(page, "Analytics");
  await page.getByRole("slider").first().waitFor();
  await tabTo(page, /^Questions a day: /);
  const today = await page.getByRole("slider").first().getAttribute("aria-valuetext");
  assert.match(today ?? "", /Answered: 1/);
  await keyboard.press("ArrowLeft");
  assert.notEqual(await page.getByRole("slider").first().getAttribute("aria-valuetext"), today);

  // Deleting a line hands the focus to the next one.
  await goTo(page, "Documents");
  await page.getByRole("button", { name: "Actions for guide.md" }).waitFor();
  await tabTo(page, "Actions for guide.md");
  await keyboard.press("Enter");
  await keyboard.press("End");
  await isOn(page, "Delete", "the menu's last entry");
  await keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Delete this document?" }).waitFor();
  await tabTo(page, "Delete document");
  await keyboard.press("Enter");
  await page.getByRole("link", { name: "guide.md", exact: true }).waitFor({ state: "detached" });
  assert.match((await focused(page)).name, /^halvern-h3-/);
  calm("the way without a mouse");
  await close();
});

test("the widget is used without a mouse, and takes no keys from the page nor gives it any", async () => {
  const site = await openSite();
  const team = await openPage(browser);
  await signUp(team.page);
  await createProject(team.page, "Halvern H3");
  await uploadDocuments(team.page);
  const snippet = await allowWebsite(team.page, site.origin);
  site.carry(snippet);

  for (const width of [1280, 390]) {
    const { page, calm, close } = await openPage(browser, { width, sites: [site.origin, SERVER] });
    const { keyboard } = page;
    await page.goto(site.origin);
    const widget = page.locator("pernoex-widget");
    const launcher = widget.locator(".launcher");
    await launcher.waitFor();
    const title = (await launcher.getAttribute("aria-label")) ?? "";
    await page.evaluate(() => {
      addEventListener("keydown", (event) => document.documentElement.setAttribute("data-heard", `${document.documentElement.dataset["heard"] ?? ""} ${event.key}`));
    });
    await tabTo(page, title, { most: 5 });
    await keyboard.press("Enter");
    assert.equal(await launcher.getAttribute("aria-expanded"), "true");
    await isOn(page, "Your question", "just opened");
    await keyboard.type(questions[1]?.ask ?? "");
    await keyboard.press("Enter");
    await widget.getByRole("button", { name: "Not helpful" }).waitFor({ timeout: ANSWERING });
    await isOn(page, "Your question", "after the answer");
    assert.doesNotMatch((await page.evaluate(() => document.documentElement.dataset["heard"])) ?? "", /[a-z?]\b(?<!Tab|Enter)/i, "the page hears no letters");
    await tabTo(page, "Helpful", { back: true });
    await keyboard.press("Space");
    await widget.getByRole("button", { name: "Helpful", exact: true, pressed: true }).waitFor();
    await tabTo(page, /^Source 1: /, { back: true });
    await keyboard.press("Enter");
    await widget.getByRole("button", { name: /^Source 1: /, expanded: true }).first().waitFor();
    if (width < 480) {
      // Over the whole page the panel keeps the focus: round and round, forwards and backwards.
      await tabTo(page, "New conversation", { back: true });
      await keyboard.press("Shift+Tab");
      await isOn(page, "Your question", "backwards over the edge"); // Nothing is typed, so Send is no stop.
      await keyboard.press("Tab");
      await isOn(page, "New conversation", "forwards over the edge");
    }
    await keyboard.press("Escape");
    assert.equal(await launcher.getAttribute("aria-expanded"), "false");
    await isOn(page, title, "closed again");
    calm(`the widget by keyboard, ${width} pixels wide`);
    await close();
  }
  site.close();
  team.calm("the team's way");
  await team.close();
});
