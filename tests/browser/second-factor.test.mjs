import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { signUp } from "./people.mjs";
import { barriers, openBrowser, openPage, SERVER } from "./support.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

/** Where the pictures go, to be looked at. */
const SHOTS = process.env["PERNOEX_SHOTS"];
/** @param {Page} page @param {string} name */
const shot = async (page, name) => {
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
};

/** RFC 6238, as an app does it. @param {string} secret base 32 @param {number} [at] milliseconds */
function codeOf(secret, at = Date.now()) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** A code of a later step than the last one used: the server takes those of one step ahead. @param {string} secret */
const nextCode = (secret) => codeOf(secret, Date.now() + 30_000);

/** @param {Page} page */
async function openAccount(page) {
  await page.getByRole("button", { name: "Account menu" }).click();
  await page.getByRole("link", { name: "Account and sessions" }).click();
  await page.getByRole("heading", { level: 1, name: "Account" }).waitFor();
}

/** The codes are shown once: nothing closes them before they are saved, and whoever tries is shown what to do. @param {Page} page @param {import("playwright-core").Locator} shown */
async function cannotLose(page, shown) {
  assert.equal(await shown.getByRole("button", { name: "Close" }).count(), 0);
  const reminder = shown.getByRole("alert").filter({ hasText: "Save the codes and tick this first" });
  const saved = shown.getByLabel("I saved these codes");
  for (const attempt of [
    () => page.keyboard.press("Escape"),
    // Browsers close at the second Escape where only the first was refused.
    () => page.keyboard.press("Escape"),
    () => page.mouse.click(5, 5),
  ]) {
    await shown.getByRole("button", { name: "Download" }).focus();
    await attempt();
    await reminder.waitFor();
    assert.ok(await shown.isVisible());
    assert.ok(await saved.evaluate((box) => box === document.activeElement), "the box has the focus");
  }
  assert.deepEqual(await barriers(page), [], "the reminder");
  await shot(page, `codes-reminder-${page.viewportSize()?.width}`);
}

/** Sets up an app. Answers its secret and the backup codes. @param {Page} page @param {string} [name] of the pictures */
async function setUpApp(page, name) {
  await page.getByRole("button", { name: "Set up app" }).click();
  const dialog = page.getByRole("dialog", { name: "Set up your authenticator app" });
  const picture = dialog.getByRole("img", { name: "QR code for your authenticator app" });
  await picture.waitFor();
  // Its place is there before it is.
  await picture.evaluate((image) => /** @type {HTMLImageElement} */ (image).decode());
  assert.ok(await picture.evaluate((image) => /** @type {HTMLImageElement} */ (image).naturalWidth > 100), "the QR code is drawn");
  await dialog.getByText("Cannot scan it?").click();
  const secret = (await dialog.locator(".manual-key code").innerText()).replaceAll(" ", "");
  assert.match(secret, /^[A-Z2-7]{32}$/);
  assert.deepEqual(await barriers(page), [], "the dialog of the app");
  if (name) await shot(page, `${name}-app`);
  await dialog.getByLabel("Code from the app").fill(codeOf(secret));
  await dialog.getByRole("button", { name: "Turn on" }).click();
  const shown = page.getByRole("dialog", { name: "Save your backup codes" });
  await shown.waitFor();
  const codes = await shown.locator(".backup-codes code").allInnerTexts();
  assert.equal(codes.length, 10);
  assert.deepEqual(await barriers(page), [], "the dialog of the backup codes");
  if (name) await shot(page, `${name}-codes`);
  assert.ok(await shown.getByRole("button", { name: "Done" }).isDisabled(), "the codes are to be saved first");
  await cannotLose(page, shown);
  const [download] = await Promise.all([page.waitForEvent("download"), shown.getByRole("button", { name: "Download" }).click()]);
  assert.equal(download.suggestedFilename(), "pernoex-backup-codes.txt");
  await shown.getByLabel("I saved these codes").check();
  await shown.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Remove app" }).waitFor();
  return { secret, codes };
}

/** @param {Page} page */
async function signOut(page) {
  await page.getByRole("button", { name: "Account menu" }).click();
  await page.getByRole("button", { name: "Sign out", exact: true }).last().click();
  await page.waitForURL(/\/sign-in/);
}

/** The first step. @param {Page} page @param {{ email: string, password: string }} person */
async function typePassword(page, person) {
  await page.getByRole("textbox", { name: "Email" }).fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

test("an app is set up, asked for at sign-in, and a backup code opens once", async () => {
  const { page, calm, close } = await openPage(browser);
  const person = await signUp(page);
  await openAccount(page);
  await page.getByRole("heading", { name: "Two-factor authentication" }).waitFor();
  await shot(page, "account-none");
  const { secret, codes } = await setUpApp(page, "light");
  await shot(page, "account-on");
  assert.deepEqual(await barriers(page), [], "the account page");
  await signOut(page);

  await typePassword(page, person);
  await page.getByRole("heading", { level: 1, name: "Enter your code" }).waitFor();
  assert.deepEqual(await barriers(page), [], "the second step");
  await shot(page, "second-step");
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("autocomplete")), "one-time-code");
  // The last digit sends it.
  await page.getByLabel("Code").fill(nextCode(secret));
  await page.waitForURL(`${SERVER}/projects`);
  calm("the way in with an app");
  await signOut(page);

  await typePassword(page, person);
  await page.getByRole("button", { name: "Use a backup code" }).click();
  await page.getByLabel("Backup code").fill(codes[0] ?? "");
  for (const width of [320, 390, 1280]) {
    await page.setViewportSize({ width, height: 860 });
    const cut = await page.getByLabel("Backup code").evaluate((input) => input.scrollWidth - input.clientWidth);
    assert.ok(cut <= 0, `${cut} px of the code are cut off at ${width}`);
    await shot(page, `backup-code-${width}`);
  }
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.waitForURL(`${SERVER}/projects`);
  await openAccount(page);
  await page.getByText("9 unused codes left").waitFor();
  await page.getByRole("button", { name: "Make new codes" }).click();
  await page.getByRole("dialog", { name: "Make new backup codes?" }).getByRole("button", { name: "Make new codes" }).click();
  const renewed = page.getByRole("dialog", { name: "Save your backup codes" });
  await renewed.waitFor();
  await cannotLose(page, renewed);
  codes[0] = await renewed.locator(".backup-codes code").first().innerText();
  await renewed.getByLabel("I saved these codes").check();
  await page.keyboard.press("Escape");
  await renewed.waitFor({ state: "detached" });
  await page.getByText("10 unused codes left").waitFor();
  calm("the way in with a backup code");
  await signOut(page);
  await typePassword(page, person);
  await page.getByRole("button", { name: "Use a backup code" }).click();
  await page.getByLabel("Backup code").fill(codes[0] ?? "");
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.waitForURL(`${SERVER}/projects`);
  await signOut(page);

  await typePassword(page, person);
  await page.getByRole("button", { name: "Use a backup code" }).click();
  await page.getByLabel("Backup code").fill(codes[0] ?? "");
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByText("That did not work").waitFor();
  assert.deepEqual(await barriers(page), [], "a refused code");
  await shot(page, "second-step-refused");
  assert.equal(new URL(page.url()).pathname, "/sign-in");
  await close();
});

test("what changes how an account opens asks for both factors, one after the other", async () => {
  const { page, close } = await openPage(browser);
  const person = await signUp(page);
  await openAccount(page);
  const { codes } = await setUpApp(page);
  // Ten minutes pass at the network's edge: the first requests are answered as an old session's.
  const missing = ["first_factor", "second_factor"];
  await page.route("**/api/v1/account/totp", (route) => {
    const proof = missing.shift();
    if (route.request().method() !== "DELETE" || !proof) return route.continue();
    return route.fulfill({ status: 403, contentType: "application/problem+json", body: JSON.stringify({ code: "step_up_needed", status: 403, title: "Confirm that it is you", detail: "", proof }) });
  });
  await page.getByRole("button", { name: "Remove app" }).click();
  await page.getByRole("dialog", { name: /Remove/ }).getByRole("button", { name: /Remove/ }).click();
  const confirm = page.getByRole("dialog", { name: "Confirm that it is you" });
  await confirm.getByText("This changes how your account opens. After").waitFor();
  assert.equal(await confirm.getByRole("button", { name: /backup code|authenticator/ }).count(), 0, "a code is no first factor");
  await shot(page, "both-first");
  await confirm.getByLabel("Password", { exact: true }).fill(person.password);
  await confirm.getByRole("button", { name: "Confirm" }).click();
  await confirm.getByText("so we ask for your second factor too").waitFor();
  assert.equal(await confirm.getByLabel("Password", { exact: true }).count(), 0);
  assert.deepEqual(await barriers(page), []);
  await shot(page, "both-second");
  await confirm.getByRole("button", { name: "Use a backup code" }).click();
  await confirm.getByLabel("Backup code").fill(codes[0] ?? "");
  await confirm.getByRole("button", { name: "Confirm" }).click();
  await page.getByRole("button", { name: "Set up app" }).waitFor();
  assert.deepEqual(missing, []);
  await close();
});

test("a passkey is added, asked for, and signs in by itself", async () => {
  const { page, calm, close } = await openPage(browser, { width: 390, theme: "dark" });
  const debuggee = await page.context().newCDPSession(page);
  await debuggee.send("WebAuthn.enable");
  const { authenticatorId } = await debuggee.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  /** Whether somebody's finger is on the sensor. */
  const touch = (/** @type {boolean} */ enabled) => debuggee.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled });
  const person = await signUp(page);
  await openAccount(page);
  await page.getByRole("button", { name: "Add passkey" }).click();
  const shown = page.getByRole("dialog", { name: "Save your backup codes" });
  await shown.waitFor();
  await shot(page, "phone-codes");
  await cannotLose(page, shown);
  await shown.getByLabel("I saved these codes").check();
  await shown.getByRole("button", { name: "Done" }).click();
  const passkeys = page.getByRole("list", { name: "Your passkeys" });
  await passkeys.getByText("Chrome on Linux").waitFor();
  assert.deepEqual(await barriers(page), [], "the account page with a passkey");
  await page.getByRole("button", { name: "Actions for Chrome on Linux" }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByRole("dialog", { name: "Rename passkey" }).getByLabel("Name").fill("Halvern laptop");
  await page.getByRole("button", { name: "Save name" }).click();
  await passkeys.getByText("Halvern laptop").waitFor();
  await shot(page, "phone-account");
  // Without a touch the browser only offers it, where the address is filled in.
  await touch(false);
  await signOut(page);
  assert.equal(await page.getByRole("textbox", { name: "Email" }).getAttribute("autocomplete"), "username webauthn");

  await shot(page, "phone-sign-in");
  await touch(true);
  // The browser's own offer may be taken by the same touch, before the button is reached.
  await page.getByRole("button", { name: "Sign in with a passkey" }).click({ timeout: 3_000 }).catch(() => undefined);
  await page.waitForURL(`${SERVER}/projects`);
  // With one, what it offers is chosen at once, and they are in without a further word.
  await page.getByRole("button", { name: "Account menu" }).click();
  const begun = page.waitForResponse((response) => response.url().endsWith("/session/passkey") && response.status() === 200);
  await page.getByRole("button", { name: "Sign out" }).click();
  await begun;
  await page.waitForURL(`${SERVER}/projects`);
  calm("what the browser fills in");
  await touch(false);
  await signOut(page);

  await typePassword(page, person);
  await page.getByRole("heading", { level: 1, name: "Use your passkey" }).waitFor();
  await touch(true);
  assert.deepEqual(await barriers(page), [], "the second step by passkey");
  await shot(page, "phone-second-step");
  await page.getByRole("button", { name: "Use passkey" }).click();
  await page.waitForURL(`${SERVER}/projects`);
  calm("passkeys");

  await openAccount(page);
  await page.getByRole("button", { name: "Actions for Halvern laptop" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await page.getByRole("dialog", { name: "Remove this passkey?" }).getByRole("button", { name: "Remove passkey" }).click();
  await page.getByText("Passkey removed").waitFor();
  // Backup codes go with the last factor.
  await page.getByRole("button", { name: "Make new codes" }).waitFor({ state: "detached" });
  await close();
});

test("an owner requires it, and a member is led to set it up", async () => {
  const { page, close } = await openPage(browser);
  await signUp(page);
  await page.goto(`${SERVER}/workspace`);
  await page.getByRole("button", { name: "Require it" }).click();
  await page.getByRole("dialog", { name: "Set it up for yourself first" }).getByRole("button", { name: "Go to my account" }).click();
  await setUpApp(page);
  await page.goto(`${SERVER}/team`);
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Invite a person" });
  const email = `bob.${Date.now()}@halvern.example`;
  await dialog.getByLabel("Email").fill(email);
  await dialog.getByRole("radio", { name: /^Admin/ }).check();
  await dialog.getByRole("button", { name: "Create invitation" }).click();
  const link = await page.getByRole("dialog", { name: "Invitation made" }).getByLabel("Invitation link").inputValue();
  await page.getByRole("button", { name: "Done" }).click();

  const guest = await openPage(browser);
  await guest.page.goto(link);
  await guest.page.getByLabel("Password", { exact: true }).fill("three unrelated vents");
  await guest.page.getByRole("button", { name: "Create account and join" }).click();
  await guest.page.waitForURL(`${SERVER}/projects`);

  await page.goto(`${SERVER}/workspace`);
  await page.getByRole("button", { name: "Require it" }).click();
  const rule = page.getByRole("dialog", { name: "Require two-factor authentication?" });
  assert.deepEqual(await barriers(page), [], "the dialog of the rule");
  await shot(page, "rule");
  await rule.getByRole("button", { name: "Require it" }).click();
  await page.getByText(/^Required of everybody from/).waitFor();
  await guest.page.reload();
  await guest.page.getByText("requires two-factor authentication from").waitFor();
  assert.deepEqual(await barriers(guest.page), [], "the reminder");
  await shot(guest.page, "reminder");
  await page.goto(`${SERVER}/team`);
  await page.getByRole("row").filter({ hasText: email }).getByText("Off", { exact: true }).waitFor();
  await shot(page, "team");

  await page.goto(`${SERVER}/workspace`);
  await page.getByRole("button", { name: "Stop requiring it" }).click();
  await page.getByRole("dialog", { name: "Stop requiring two-factor authentication?" }).getByRole("button", { name: "Stop requiring it" }).click();
  await page.getByRole("button", { name: "Require it" }).click();
  await rule.getByLabel("Days until it is required").fill("0");
  await rule.getByRole("button", { name: "Require it" }).click();
  await page.getByText(/^Required of everybody since/).waitFor();

  // A click in a page that was open before leads there as well.
  await guest.page.getByRole("link", { name: "Team" }).click();
  await guest.page.waitForURL(`${SERVER}/account`);
  await guest.page.getByText("Set up an app or a passkey to go on.").waitFor();
  await shot(guest.page, "must-enrol");
  await guest.page.goto(`${SERVER}/projects`);
  await guest.page.waitForURL(`${SERVER}/account`);
  await setUpApp(guest.page);
  await guest.page.getByRole("link", { name: "Projects" }).first().click();
  await guest.page.getByRole("heading", { level: 1, name: "Projects" }).waitFor();
  await guest.close();
  await close();
});
