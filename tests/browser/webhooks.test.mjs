import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { createProject, signUp, visit } from "./people.mjs";
import { barriers, comesTo, openBrowser, openPage } from "./support.mjs";

/** @typedef {{ headers: import("node:http").IncomingHttpHeaders, body: string }} Posted */

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

/** A customer's server. It answers with `status`, and keeps what it was sent. */
async function openReceiver() {
  /** @type {Posted[]} */
  const posted = [];
  const receiver = { status: 204, posted, url: "", close: () => {} };
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part) => (body += part)).on("end", () => {
      posted.push({ headers: request.headers, body });
      response.writeHead(receiver.status).end();
    });
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", () => ready(undefined)));
  const bound = server.address();
  assert(bound !== null && typeof bound === "object");
  receiver.url = `http://127.0.0.1:${bound.port}/hooks`;
  receiver.close = () => {
    server.closeAllConnections();
    server.close();
  };
  return receiver;
}

/** @param {Posted} posted @param {string} secret */
function isSigned({ headers, body }, secret) {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const signed = createHmac("sha256", key).update(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`).digest("base64");
  return String(headers["webhook-signature"]).split(" ").includes(`v1,${signed}`);
}

for (const [theme, width] of /** @type {const} */ ([["light", 1280], ["dark", 390]])) {
  test(`an owner connects a receiver, sees what became of each event, and disconnects it, ${theme}, ${width} pixels wide`, async () => {
    const receiver = await openReceiver();
    const { page, complaints, close } = await openPage(browser, { theme, width });
    await signUp(page);
    await createProject(page, "Halvern H3");
    await visit(page, "Webhooks");
    await page.getByText("No webhooks yet").waitFor();
    assert.deepEqual(await barriers(page), [], "no webhooks");

    await page.getByRole("button", { name: "Add webhook" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Address").fill("https://192.168.1.1/hooks");
    await dialog.getByRole("button", { name: "Add webhook" }).click();
    await dialog.getByText("The address does not lead to a public server.").waitFor();
    assert.deepEqual(await barriers(page), [], "a refused address");
    await dialog.getByLabel("Address").fill(receiver.url);
    await dialog.getByLabel("Description").fill("Ticket system");
    await dialog.getByLabel("Document failed").uncheck();
    await page.keyboard.press("Enter");
    const secret = await page.getByRole("textbox", { name: "Signing secret" }).inputValue();
    assert.match(secret, /^whsec_[\w+/]{43}=$/);
    assert.deepEqual(await barriers(page), [], "the secret");
    await page.getByLabel("I have copied it").check();
    await page.getByRole("button", { name: "Done" }).click();

    const hook = page.getByRole("region", { name: "Ticket system" });
    await hook.getByText("Active", { exact: true }).waitFor();
    await comesTo(hook.getByText("Document failed"), 0);
    await hook.getByRole("button", { name: "Send test event" }).click();
    await hook.getByText("Delivered", { exact: true }).waitFor();
    assert.ok(receiver.posted[0] && isSigned(receiver.posted[0], secret));

    receiver.status = 503;
    await hook.getByRole("button", { name: "Send test event" }).click();
    await hook.getByText("The receiver answered 503.", { exact: true }).waitFor();
    assert.deepEqual(await barriers(page), [], "a list of deliveries");
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(overflow, 0, "no wider than the window");
    await hook.getByRole("button", { name: /^Actions for Test event/ }).last().click();
    await page.getByRole("menuitem", { name: "Show what was sent" }).click();
    await page.getByRole("dialog").getByText('"type": "webhook.test"').waitFor();
    assert.deepEqual(await barriers(page), [], "what was sent");
    await page.keyboard.press("Escape");
    receiver.status = 204;
    const before = receiver.posted.length;
    await hook.getByRole("button", { name: /^Actions for Test event/ }).last().click();
    await page.getByRole("menuitem", { name: "Send again" }).click();
    await page.getByText("Sending it again, under the same id").waitFor();
    // The other one may be tried again meanwhile.
    const came = () => receiver.posted.slice(before).some(({ headers }) => headers["webhook-id"] === receiver.posted[0]?.headers["webhook-id"]);
    for (let n = 0; n < 400 && !came(); n += 1) await new Promise((soon) => setTimeout(soon, 50));
    assert(came(), "under the same id");

    await hook.getByRole("button", { name: "Actions for Ticket system" }).click();
    await page.getByRole("menuitem", { name: "Rotate secret" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Rotate secret" }).click();
    const next = await page.getByRole("textbox", { name: "Signing secret" }).inputValue();
    assert.notEqual(next, secret);
    await page.getByLabel("I have copied it").check();
    await page.getByRole("button", { name: "Done" }).click();
    await hook.getByText(/Signed with the old and the new secret until/).waitFor();

    await hook.getByRole("button", { name: "Actions for Ticket system" }).click();
    await page.getByRole("menuitem", { name: "Pause" }).click();
    await hook.getByText("Paused by hand").waitFor();
    assert.deepEqual(await barriers(page), [], "a paused webhook");
    assert.equal(await hook.getByRole("button", { name: "Send test event" }).isDisabled(), true);
    await hook.getByRole("button", { name: "Resume" }).click();
    await hook.getByText("Active", { exact: true }).waitFor();

    // Nobody has to open the page anew to see that nothing is sent any more.
    receiver.status = 410;
    await hook.getByRole("button", { name: "Send test event" }).click();
    await hook.getByText("Paused because the receiver answered 410 Gone").waitFor();

    await hook.getByRole("button", { name: "Actions for Ticket system" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete webhook" }).click();
    await page.getByText("No webhooks yet").waitFor();
    await page.waitForFunction(() => document.activeElement?.tagName === "H1");
    // The refused address, which the browser writes down as well.
    assert.deepEqual(complaints.filter((one) => !one.includes("422")), [], "complaints on webhooks");
    await close();
    receiver.close();
  });
}
