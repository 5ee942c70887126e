import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { APPLE, GOOGLE, openProvider } from "./oidc.mjs";
import { signUp } from "./people.mjs";
import { barriers, comesTo, openBrowser, openPage, SERVER } from "./support.mjs";

/** @typedef {import("playwright-core").Page} Page */

const skip = GOOGLE === "" || APPLE === "" ? "the server was started without sign-in providers" : false;
const sites = skip ? [] : [GOOGLE, APPLE].map((issuer) => new URL(issuer).origin);

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof openProvider>>} */
let google;
/** @type {Awaited<ReturnType<typeof openProvider>>} */
let apple;
before(async () => {
  if (skip) return;
  browser = await openBrowser();
  google = await openProvider({ issuer: GOOGLE, alg: "RS256", redirect: `${SERVER}/sign-in/google`, apple: false });
  apple = await openProvider({ issuer: APPLE, alg: "ES256", redirect: `${SERVER}/sign-in/apple`, apple: true });
});
after(async () => {
  google?.close();
  apple?.close();
  await browser?.close();
});

const someone = () => {
  const id = randomBytes(6).toString("hex");
  return { sub: id, email: `${id}@gmail.com`, email_verified: true };
};

/** @param {Page} page */
async function signOut(page) {
  await page.getByRole("button", { name: "Account menu" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(/\/sign-in/);
}

/** @param {Page} page @param {"Google" | "Apple"} provider */
async function continueWith(page, provider) {
  await page.goto(`${SERVER}/sign-in`);
  await page.getByRole("button", { name: `Continue with ${provider}` }).click();
}

/** @param {Page} page @param {string} provider */
const unlinkButton = (page, provider) => page.getByRole("button", { name: `Unlink ${provider}` });

for (const provider of /** @type {const} */ (["Google", "Apple"])) {
  test(`a newcomer from ${provider} names a workspace, and the next time is let in at once`, { skip }, async () => {
    const { page, calm, close } = await openPage(browser, { sites });
    const person = someone();
    google.be(person);
    apple.be({ ...person, email_verified: "true" });
    await continueWith(page, provider);
    await page.getByText(`${provider} confirmed ${person.email}.`).waitFor();
    assert.equal(page.url(), `${SERVER}/sign-in/finish`, "the ticket is not left in the address");
    assert.deepEqual(await barriers(page), [], "the page that asks for the workspace");
    await page.getByLabel("Workspace name").fill("Orchard works");
    await page.getByRole("button", { name: "Create workspace" }).click();
    await page.waitForURL(`${SERVER}/projects`);
    await signOut(page);

    await continueWith(page, provider);
    await page.waitForURL(`${SERVER}/projects`);
    await page.goto(`${SERVER}/account`);
    await page.getByRole("main").getByText(person.email).first().waitFor();
    await unlinkButton(page, provider).click();
    await page.getByRole("dialog").getByRole("button", { name: "Unlink" }).click();
    await page.getByText("This is your only way to sign in.").first().waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();

    await comesTo(page.getByRole("button", { name: "Change password" }), 0);
    await page.getByRole("button", { name: "Set a password" }).click();
    const dialog = page.getByRole("dialog", { name: "Set a password" });
    await dialog.getByLabel("New password", { exact: true }).fill("violet teapot on gravel");
    assert.deepEqual(await barriers(page), [], "the dialog for a first password");
    if (process.env.PERNOEX_SHOTS) await page.screenshot({ path: `${process.env.PERNOEX_SHOTS}/set-password.png` });
    await dialog.getByRole("button", { name: "Set password" }).click();
    await page.getByText("Password set").waitFor();
    await page.getByRole("button", { name: "Change password" }).waitFor();
    await unlinkButton(page, provider).click();
    await page.getByRole("dialog").getByRole("button", { name: "Unlink" }).click();
    await page.getByRole("button", { name: `Link ${provider}` }).waitFor();
    await close();
    void calm; // Browsers write the refusal to the console.
  });
}

test("an address with an account is linked after the password, used, and unlinked", { skip }, async () => {
  const { page, calm, close } = await openPage(browser, { sites });
  const known = await signUp(page);
  await signOut(page);
  google.be({ sub: randomBytes(6).toString("hex"), email: known.email, email_verified: true });
  await continueWith(page, "Google");
  await page.getByRole("heading", { name: "You have an account already" }).waitFor();
  assert.deepEqual(await barriers(page), [], "the page that asks to link");
  await page.getByRole("button", { name: "Sign in and link" }).click();
  await page.getByRole("textbox", { name: "Email" }).fill(known.email);
  await page.getByLabel("Password", { exact: true }).fill(known.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(`${SERVER}/account`);
  await unlinkButton(page, "Google").waitFor();
  assert.deepEqual(await barriers(page), [], "the account page");
  await signOut(page);

  await continueWith(page, "Google");
  await page.waitForURL(`${SERVER}/projects`);
  await page.goto(`${SERVER}/account`);
  await unlinkButton(page, "Google").click();
  await page.getByRole("dialog").getByRole("button", { name: "Unlink" }).click();
  await page.getByRole("button", { name: "Link Google" }).waitFor();
  calm("the way of a linked account");
  await close();
});

test("somebody who is signed in links Apple, whose grant ends with the link", { skip }, async () => {
  const { page, calm, close } = await openPage(browser, { sites, width: 390, theme: "dark" });
  await signUp(page);
  apple.be(someone());
  await page.goto(`${SERVER}/account`);
  await page.getByRole("button", { name: "Link Apple" }).click();
  await unlinkButton(page, "Apple").waitFor();
  assert.equal(new URL(page.url()).pathname, "/account");
  const before = apple.revoked();
  await unlinkButton(page, "Apple").click();
  await page.getByRole("dialog").getByRole("button", { name: "Unlink" }).click();
  await page.getByRole("button", { name: "Link Apple" }).waitFor();
  for (let n = 0; n < 100 && apple.revoked() === before; n += 1) await page.waitForTimeout(100);
  assert.equal(apple.revoked(), before + 1, "the grant is ended at the provider");
  calm("linking in the settings");
  await close();
});

test("who changes their mind at the provider is told so and can begin again", { skip }, async () => {
  const { page, close } = await openPage(browser, { sites });
  await page.goto(`${SERVER}/sign-in/finish#problem=sign_in_cancelled`);
  await page.getByText("You cancelled the sign-in there.").waitFor();
  assert.deepEqual(await barriers(page), [], "the page that says what went wrong");
  await page.getByRole("button", { name: "Back to sign in" }).click();
  await page.getByRole("button", { name: "Continue with Google" }).waitFor();
  await close();
});
