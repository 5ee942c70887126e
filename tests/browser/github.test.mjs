import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { GITHUB, openGitHub } from "./github.mjs";
import { createProject, signUp, visit } from "./people.mjs";
import { scenario } from "./recorded.mjs";
import { openBrowser, openPage, READING, SERVER } from "./support.mjs";

const skip = GITHUB === "" ? "the server was started without GitHub" : false;

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  if (!skip) browser = await openBrowser();
});
after(() => browser?.close());

const held = { redirect: `${SERVER}/integrations/github/callback`, login: "ada", text: "# Filling\n\nThe lantern is filled with lamp oil up to the brass ring.\n" };

/** Goes to the form of a source of GitHub in a new workspace, with an account. @param {import("playwright-core").Page} page */
async function connect(page) {
  await signUp(page);
  await createProject(page, "Lantern");
  await visit(page, "Sources");
  await page.getByRole("link", { name: "GitHub", exact: true }).click();
  await page.getByRole("button", { name: "Connect GitHub" }).click();
  // There and back: they are signed in at GitHub, and agree.
  await page.waitForURL(/\/sources\/new\/github\?grant=/, { timeout: READING });
  await page.getByRole("heading", { level: 1, name: "Add GitHub" }).waitFor();
}

/** Ends the access, and the documents with it. @param {import("playwright-core").Page} page @param {string} account */
async function disconnect(page, account) {
  await page.goto(`${SERVER}/workspace/integrations`);
  const accounts = page.getByRole("region", { name: "Accounts" });
  await accounts.getByRole("button", { name: `Disconnect ${account}, GitHub` }).click();
  const dialog = page.getByRole("dialog", { name: `Disconnect ${account}?` });
  await dialog.getByRole("radio", { name: /^Deleted/ }).check();
  await dialog.getByRole("button", { name: "Disconnect", exact: true }).click();
}

test("an owner connects GitHub, reads a repository, and the token is dead when the access has ended", { skip }, async (t) => {
  const github = await openGitHub({ ...held, repository: "acme/lantern" });
  t.after(github.close);
  const { page, calm, close } = await openPage(browser, { sites: [new URL(GITHUB).origin] });
  await connect(page);
  assert.equal(github.given.access.length, 1);
  assert.deepEqual(await github.alive(), github.given.access);
  await page.getByRole("checkbox", { name: "acme/lantern" }).check();
  await page.getByRole("button", { name: "Add and start" }).click();
  const now = page.getByRole("region", { name: "GitHub" });
  await now.getByText("1 document", { exact: true }).waitFor({ timeout: READING });

  await disconnect(page, "ada");
  await page.getByText("GitHub confirmed that the access ended.").first().waitFor({ timeout: READING });
  assert.deepEqual(await github.alive(), [], "the authorization server says that the token is dead");
  calm("an account at GitHub");
  await close();
});

test("what GitHub was recorded to answer is read: a repository that was renamed, and issues page by page", { skip }, async (t) => {
  const api = `${GITHUB}/api/v3`;
  const [, moved, renamed] = scenario("rename-repository", api);
  const [errors] = scenario("errors", api);
  // They were open when they were recorded: only what was resolved is read.
  const pages = scenario("paginate-issues", api).map((page) => ({ ...page, response: page.response.map((/** @type {any} */ issue) => ({ ...issue, state: "closed" })) }));
  const [first] = pages;
  const repository = "octokit-fixture-org/rename-repository";
  assert(moved && renamed && errors && first);
  /** @type {string[]} */
  const heard = [];
  const github = await openGitHub({
    ...held,
    repository,
    recorded(method, path) {
      const url = new URL(path, GITHUB);
      const found = () => {
        if (method === "DELETE") return errors;
        if (path === `/repos/${repository}`) return moved;
        if (path === "/repositories/1000") return renamed;
        if (url.pathname === `/repos/${repository}/issues`) return first;
        const issue = /\/issues\/(\d+)$/.exec(url.pathname)?.[1];
        if (issue !== undefined) return { ...first, response: pages.flatMap(({ response }) => response).find(({ number }) => number === Number(issue)) };
        if (/\/issues\/\d+\/comments$/.test(url.pathname)) return { ...first, headers: { "content-type": "application/json; charset=utf-8" }, response: [] };
        return pages.find((page) => page.path === path);
      };
      const answer = found();
      if (answer) heard.push(path);
      return answer;
    },
  });
  t.after(github.close);
  const { page, calm, close } = await openPage(browser, { sites: [new URL(GITHUB).origin] });
  await connect(page);
  await page.getByRole("checkbox", { name: repository }).check();
  await page.getByRole("checkbox", { name: /^Issues/ }).check();
  await page.getByRole("button", { name: "Add and start" }).click();
  const now = page.getByRole("region", { name: "GitHub" });
  // One file, and the thirteen issues of five pages.
  await now.getByText("14 documents", { exact: true }).waitFor({ timeout: READING });
  await now.getByText("Up to date", { exact: true }).waitFor({ timeout: READING });
  assert(heard.includes("/repositories/1000"), "the repository was followed to where it is");
  for (const { path } of pages.slice(1)) assert(heard.includes(path), `${path} was asked for`);

  // The token was ended at GitHub: it says so as it says that something is not valid.
  await disconnect(page, "ada");
  await page.getByText("The access had ended at GitHub already.").first().waitFor({ timeout: READING });
  calm("recorded answers");
  await close();
});
