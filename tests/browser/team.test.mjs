import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { createProject, signUp } from "./people.mjs";
import { barriers, comesTo, openBrowser, openPage, SERVER } from "./support.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

/** An owner with two projects, on the Team page. @param {Page} page */
async function teamOf(page) {
  const owner = await signUp(page);
  await createProject(page, "Halvern H3");
  await page.goto(`${SERVER}/projects`);
  await createProject(page, "Secret valve");
  await page.getByRole("navigation", { name: "Workspace pages" }).getByRole("link", { name: "Team" }).click();
  await page.getByRole("heading", { level: 1, name: "Team" }).waitFor();
  return owner;
}

/** Invites a Member to one project. Answers the link. @param {Page} page @param {string} email @param {string} project */
async function invite(page, email, project) {
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Invite a person" });
  await dialog.getByLabel("Email").fill(email);
  await dialog.getByRole("radio", { name: /^Member/ }).check();
  await dialog.getByRole("checkbox", { name: project }).check();
  assert.deepEqual(await barriers(page), [], "the invitation's dialog");
  await dialog.getByRole("button", { name: "Create invitation" }).click();
  const shown = page.getByRole("dialog", { name: "Invitation made" });
  const link = await shown.getByLabel("Invitation link").inputValue();
  await shown.getByRole("button", { name: "Done" }).click();
  await page.getByRole("row").filter({ hasText: email }).getByText(/^Open, ends/).waitFor();
  return link;
}

/** For eyes, where they are asked for. @param {Page} page @param {string} name */
async function shot(page, name) {
  if (process.env.PERNOEX_SHOTS) await page.screenshot({ path: `${process.env.PERNOEX_SHOTS}/${name}.png`, fullPage: true });
}

/** Chooses what is done with somebody. @param {Page} page @param {string} email @param {string} action */
async function choose(page, email, action) {
  await page.getByRole("button", { name: `Actions for ${email}` }).click();
  await page.getByRole("menuitem", { name: action }).click();
}

test("an invited newcomer joins, sees one project, is assigned another, and is removed", async () => {
  const { page, calm, close } = await openPage(browser);
  const owner = await teamOf(page);
  const email = `bob.${randomBytes(5).toString("hex")}@halvern.example`;
  const link = await invite(page, email, "Halvern H3");
  assert.match(link, /\/invitations\/accept#inv_[\w-]{43}$/);

  const guest = await openPage(browser, { width: 390, theme: "dark" });
  /** @type {string[]} */
  const asked = [];
  guest.page.on("request", (request) => asked.push(request.url()));
  await guest.page.goto(link);
  await guest.page.getByRole("heading", { level: 1, name: `Join ${owner.workspace}` }).waitFor();
  assert.deepEqual(await barriers(guest.page), [], "the page of the invitation");
  assert.ok(asked.every((url) => !url.includes("inv_")), "the token is in no request's address");
  assert.equal(await guest.page.getByLabel("Email").inputValue(), email);
  await guest.page.getByLabel("Password", { exact: true }).fill("three unrelated vents");
  await guest.page.getByRole("button", { name: "Create account and join" }).click();
  await guest.page.waitForURL(`${SERVER}/projects`);
  await guest.page.getByRole("link", { name: "Halvern H3" }).waitFor();
  await comesTo(guest.page.getByText("Secret valve"), 0);
  await comesTo(guest.page.getByRole("button", { name: "New project" }), 0);
  await guest.page.getByRole("button", { name: "Account menu" }).click();
  await comesTo(guest.page.getByRole("link", { name: "Team" }), 0, "a member has no team to manage");
  await guest.page.getByRole("link", { name: "Workspace settings" }).click();
  await guest.page.getByText("You are a member of").waitFor();
  await comesTo(guest.page.getByRole("button", { name: "Delete workspace" }), 0);

  await page.reload();
  await choose(page, email, "Assign projects");
  const dialog = page.getByRole("dialog", { name: "Assign projects" });
  await dialog.getByRole("checkbox", { name: "Secret valve" }).check();
  await dialog.getByRole("button", { name: "Save projects" }).click();
  await page.getByRole("cell", { name: "Halvern H3, Secret valve" }).waitFor();
  await guest.page.goto(`${SERVER}/projects`);
  await guest.page.getByRole("link", { name: "Secret valve" }).waitFor();

  // Another role bites on the session that is there: more, and then less.
  const changeRole = async (/** @type {RegExp} */ role, /** @type {string} */ said) => {
    await choose(page, email, "Change role");
    const dialog = page.getByRole("dialog", { name: "Change role" });
    await dialog.getByRole("radio", { name: role }).check();
    await dialog.getByRole("button", { name: "Save role" }).click();
    await page.getByText(said).waitFor();
  };
  await changeRole(/^Admin/, `${email} is an admin now`);
  await guest.page.goto(`${SERVER}/projects`);
  await guest.page.getByRole("button", { name: "New project" }).first().waitFor();
  // The page is open and knows them as an admin: the next click that needs the right draws it anew, without a reload.
  const places = guest.page.getByRole("navigation", { name: "Workspace pages" });
  await guest.page.setViewportSize({ width: 1280, height: 860 });
  await places.getByRole("link", { name: "Audit log" }).waitFor();
  await changeRole(/^Member/, `${email} is a member now`);
  await places.getByRole("link", { name: "Team" }).click();
  await guest.page.getByRole("heading", { level: 1, name: "Only owners and admins manage this" }).waitFor();
  await comesTo(guest.page.getByRole("button", { name: "Try again" }), 0);
  await comesTo(places.getByRole("link", { name: /Team|Audit log/ }), 0, "the navigation is a member's");
  await shot(guest.page, "demoted");
  await guest.page.getByRole("link", { name: "Go to projects" }).click();
  await guest.page.getByRole("heading", { level: 1, name: "Projects" }).waitFor();
  await comesTo(guest.page.getByRole("button", { name: "New project" }), 0);
  await guest.page.goto(`${SERVER}/team`);
  await guest.page.getByRole("heading", { level: 1, name: "Only owners and admins manage this" }).waitFor();

  await choose(page, email, "Remove from workspace");
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByText("1 person").waitFor();
  // Browsers write each 403 to the console.
  assert.deepEqual(guest.complaints.filter((line) => !line.includes("403")), [], "the member's way");
  await guest.page.goto(`${SERVER}/projects`);
  await guest.page.waitForURL(/\/sign-in/);
  // The account lives on: it founds a workspace of its own.
  await guest.page.getByLabel("Email").fill(email);
  await guest.page.getByLabel("Password", { exact: true }).fill("three unrelated vents");
  await guest.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await guest.page.getByRole("heading", { level: 1, name: "You belong to no workspace" }).waitFor();
  await guest.page.getByLabel("Workspace name").fill("Bob's own");
  await guest.page.getByRole("button", { name: "Create workspace" }).click();
  await guest.page.waitForURL(`${SERVER}/projects`);
  calm("the owner's way");
  await guest.close();
  await close();
});

test("what the role does not allow is said plainly, and not offered again", async () => {
  const { page, close } = await openPage(browser);
  await teamOf(page);
  await page.route("**/api/v1/team/members", (route) => route.fulfill({ status: 403, contentType: "application/problem+json", body: JSON.stringify({ code: "role_too_low", status: 403, title: "Not allowed", detail: "" }) }));
  await page.goto(`${SERVER}/team`);
  const refusal = page.getByRole("alert").filter({ hasText: "Your role in this workspace does not allow this" });
  await refusal.waitFor();
  assert.equal(await refusal.getByRole("button", { name: "Try again" }).count(), 0);
  assert.deepEqual(await barriers(page), [], "the refusal");
  await refusal.getByRole("link", { name: "Go to projects" }).click();
  await page.getByRole("heading", { level: 1, name: "Projects" }).waitFor();
  await close();
});

test("ownership is handed over, and the one who had it is an admin from then on", async () => {
  const host = await openPage(browser);
  await teamOf(host.page);
  const email = `bob.${randomBytes(5).toString("hex")}@halvern.example`;
  const link = await invite(host.page, email, "Halvern H3");
  const guest = await openPage(browser);
  await guest.page.goto(link);
  await guest.page.getByLabel("Password", { exact: true }).fill("three unrelated vents");
  await guest.page.getByRole("button", { name: "Create account and join" }).click();
  await guest.page.getByRole("link", { name: "Halvern H3" }).waitFor();
  await host.page.reload();
  await choose(host.page, email, "Hand over ownership");
  const dialog = host.page.getByRole("dialog", { name: "Hand over ownership?" });
  await dialog.getByText("Only they can give ownership back").waitFor();
  assert.deepEqual(await barriers(host.page), []);
  await dialog.getByRole("button", { name: "Hand over" }).click();
  const rows = host.page.getByRole("row");
  await rows.filter({ hasText: email }).getByText("Owner", { exact: true }).waitFor();
  await rows.filter({ hasText: "You" }).getByText("Admin", { exact: true }).waitFor();
  // In the session that the new owner has.
  await guest.page.goto(`${SERVER}/team`);
  await guest.page.getByRole("button", { name: "Invite", exact: true }).waitFor();
  await guest.close();
  await host.close();
});

test("someone with an account joins a second workspace and goes to and fro", async () => {
  const [host, guest] = [await openPage(browser), await openPage(browser)];
  const owner = await teamOf(host.page);
  const bob = await signUp(guest.page);
  const link = await invite(host.page, bob.email, "Halvern H3");
  await guest.page.goto(link);
  await guest.page.getByRole("button", { name: "Join workspace" }).click();
  await guest.page.waitForURL(`${SERVER}/projects`);
  await guest.page.getByRole("link", { name: "Halvern H3" }).waitFor();
  await guest.page.getByRole("button", { name: "Account menu" }).click();
  await guest.page.getByRole("list", { name: "Workspaces" }).getByRole("button", { name: bob.workspace }).click();
  await guest.page.getByText("Three steps to your first answer").waitFor();
  await comesTo(guest.page.getByRole("link", { name: "Halvern H3" }), 0);
  await guest.page.getByRole("button", { name: "Account menu" }).click();
  await guest.page.getByRole("list", { name: "Workspaces" }).getByRole("button", { name: owner.workspace }).click();
  await guest.page.getByRole("link", { name: "Halvern H3" }).waitFor();
  host.calm("the host's way");
  guest.calm("the guest's way");
  // The link is used up.
  await guest.page.goto(link);
  await guest.page.getByRole("heading", { level: 1, name: "This invitation is not valid" }).waitFor();
  await guest.close();
  await host.close();
});

test("who has a short password is told what to do before they join, and is signed out by an owner", async () => {
  const [host, guest] = [await openPage(browser), await openPage(browser, { width: 390 })];
  await teamOf(host.page);
  await host.page.goto(`${SERVER}/workspace`);
  await host.page.getByRole("radio", { name: "15 characters" }).check();
  await host.page.getByRole("button", { name: "Save length" }).click();
  await host.page.getByText("Length saved").waitFor();
  assert.deepEqual(await barriers(host.page), [], "the workspace's settings");
  await shot(host.page, "password-length");
  await host.page.goto(`${SERVER}/team`);

  const bob = await signUp(guest.page, { password: `${randomBytes(6).toString("base64url")} vents` });
  await guest.page.goto(await invite(host.page, bob.email, "Halvern H3"));
  await guest.page.getByRole("heading", { level: 1, name: /^Join / }).waitFor();
  assert.equal(new URL(guest.page.url()).hash, "", "the link's token stays in no address");
  await guest.page.getByRole("button", { name: "Join workspace" }).click();
  await guest.page.getByRole("heading", { level: 1, name: "One thing before you join" }).waitFor();
  assert.deepEqual(await barriers(guest.page), [], "what is to be done first");
  await shot(guest.page, "one-thing-phone");
  await guest.page.getByRole("button", { name: "Go to your account" }).click();
  await guest.page.getByRole("button", { name: "Change password" }).click();
  const dialog = guest.page.getByRole("dialog", { name: "Change your password" });
  await dialog.getByLabel("Current password", { exact: true }).fill(bob.password);
  await dialog.getByLabel("New password", { exact: true }).fill("violet teapot on gravel");
  await dialog.getByRole("button", { name: "Change password" }).click();
  await guest.page.getByText("Password changed").waitFor();
  // In this tab the invitation is still at hand.
  await guest.page.goto(`${SERVER}/invitations/accept`);
  await guest.page.getByRole("button", { name: "Join workspace" }).click();
  await guest.page.getByRole("link", { name: "Halvern H3" }).waitFor();

  await host.page.reload();
  await choose(host.page, bob.email, "End sessions");
  const question = host.page.getByRole("dialog", { name: "End their sessions?" });
  assert.deepEqual(await barriers(host.page), [], "the question before sessions end");
  await shot(host.page, "end-sessions");
  await question.getByRole("button", { name: "End sessions" }).click();
  await host.page.getByText(`${bob.email} is signed out`).waitFor();
  await guest.page.goto(`${SERVER}/projects`);
  await guest.page.waitForURL(/\/sign-in/);
  host.calm("the owner's way");
  await guest.close();
  await host.close();
});

for (const theme of /** @type {const} */ (["light", "dark"])) {
  for (const width of [1280, 390]) {
    test(`team and workspace have no barrier, ${theme}, ${width} pixels wide`, async () => {
      const { page, calm, close } = await openPage(browser, { theme, width });
      await signUp(page);
      for (const [path, text] of [["/team", "What each role may do"], ["/workspace", "Danger zone"]]) {
        await page.goto(SERVER + path);
        await page.getByText(text).waitFor();
        assert.deepEqual(await barriers(page), [], path);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(overflow, 0, path);
        calm(path);
      }
      await page.getByRole("button", { name: "Account menu" }).click();
      assert.deepEqual(await barriers(page), [], "the account menu");
      await close();
    });
  }
}

test("a deleted workspace says until when it can be kept, and an owner keeps it", async () => {
  const { page, calm, close } = await openPage(browser);
  const owner = await signUp(page);
  await createProject(page, "Halvern H3");
  await page.goto(`${SERVER}/workspace`);
  await page.getByRole("button", { name: "Delete workspace" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete this workspace?" });
  await dialog.getByLabel("Workspace name").fill(owner.workspace);
  await dialog.getByRole("button", { name: "Delete workspace" }).click();
  await page.getByRole("heading", { level: 1, name: "This workspace was deleted" }).waitFor();
  assert.deepEqual(await barriers(page), []);
  await shot(page, "shut");
  await page.getByRole("button", { name: "Keep this workspace" }).click();
  await page.getByRole("link", { name: "Halvern H3" }).waitFor();
  calm("second thoughts");
  await close();
});
