import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { createProject, signUp, visit } from "./people.mjs";
import { barriers, comesTo, openBrowser, openPage, SERVER } from "./support.mjs";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

/** Sends what a voice agent signs as Standard Webhooks says. Answers the status. @param {string} address @param {string} secret @param {unknown} told */
async function send(address, secret, told) {
  const body = JSON.stringify(told);
  const id = `msg_${randomUUID()}`;
  const seconds = Math.floor(Date.now() / 1000);
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64");
  const headers = { "content-type": "application/json", "webhook-id": id, "webhook-timestamp": String(seconds), "webhook-signature": `v1,${signature}` };
  // The server may call itself otherwise than this story does.
  const response = await fetch(`${SERVER}${new URL(address).pathname}`, { method: "POST", headers, body });
  await response.arrayBuffer();
  return response.status;
}

/** A call that is over. @param {string} asked what the caller said */
const call = (asked) => ({
  type: "call.completed",
  data: {
    call_id: randomUUID(), duration_s: 42, outcome: "caller hung up", successful: true, summary: "Asked about pruning.",
    turns: [{ role: "agent", text: "Hello, this is Halvern.", at_s: 0 }, { role: "caller", text: asked, at_s: 4 }],
  },
});

/** Reads the secret in the dialog that shows it once, and closes it. @param {import("playwright-core").Page} page */
async function takeSecret(page) {
  const secret = await page.getByRole("textbox", { name: "Signing secret" }).inputValue();
  assert.match(secret, /^whsec_[\w+/]{43}=$/);
  const done = page.getByRole("dialog").getByRole("button", { name: "Done" });
  assert.equal(await done.isDisabled(), true, "it is shown only now");
  assert.deepEqual(await barriers(page), [], "the secret");
  await page.getByLabel("I have copied it").check();
  await done.click();
  return secret;
}

for (const [theme, width] of /** @type {const} */ ([["light", 1280], ["dark", 390]])) {
  test(`an owner connects a voice agent, reads its calls, and disconnects it, ${theme}, ${width} pixels wide`, async () => {
    const { page, calm, close } = await openPage(browser, { theme, width });
    await signUp(page);
    await createProject(page, "Halvern H3");
    await visit(page, "Voice");
    await page.getByText("No voice agent yet").waitFor();
    assert.deepEqual(await barriers(page), [], "no agents");

    await page.getByRole("button", { name: "Connect an agent" }).click();
    const dialog = page.getByRole("dialog", { name: "Connect a voice agent" });
    await dialog.getByLabel("Provider").selectOption({ label: "Standard Webhooks" });
    assert.deepEqual(await barriers(page), [], "connecting");
    await dialog.getByRole("button", { name: "Connect" }).click();
    const secret = await takeSecret(page);
    const agent = page.getByRole("region", { name: "Standard Webhooks" });
    await agent.getByText("Nothing received yet").waitFor();
    const address = await agent.getByRole("textbox", { name: "Address for calls" }).inputValue();
    assert.match(address, /\/webhooks\/voice\/[\w-]+$/);

    const forged = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
    assert.equal(await send(address, forged, call("Does this get in?")), 401);
    assert.equal(await send(address, secret, call("How do I prune?")), 204);
    // The page says how it stood when it was opened.
    for (let n = 0; n < 100 && !(await agent.getByText("Done", { exact: true }).isVisible()); n += 1) {
      await page.reload();
      await agent.waitFor();
    }
    await agent.getByText("Receiving", { exact: true }).waitFor();
    await agent.getByText(/A message was refused .*: its signature was not made with this secret/).waitFor();
    assert.deepEqual(await barriers(page), [], "an agent that sends");
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(overflow, 0, "no wider than the window");

    await visit(page, "Inbox");
    await page.getByText("More filters").click();
    await page.getByLabel("Asked in").selectOption({ label: "Voice" });
    await comesTo(page.getByText("Does this get in?"), 0);
    await page.getByRole("link", { name: "How do I prune?" }).click();
    await page.getByText(/Call taken by your own agent/).waitFor();
    await page.getByText("Asked about pruning.").waitFor();
    await page.getByText("42 s", { exact: true }).waitFor();
    await page.getByText("Hello, this is Halvern.").waitFor();
    assert.deepEqual(await barriers(page), [], "a call");

    await visit(page, "Voice");
    await agent.getByRole("button", { name: "Rotate secret" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Rotate secret" }).click();
    const next = await takeSecret(page);
    assert.notEqual(next, secret);
    await agent.getByText(/The secret before is good until/).waitFor();
    assert.equal(await send(address, next, call("And by the new secret?")), 204);
    assert.equal(await send(address, secret, call("And by the old one?")), 204);

    await agent.getByRole("button", { name: "Disconnect" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Disconnect" }).click();
    await page.getByText("No voice agent yet").waitFor();
    await page.waitForFunction(() => document.activeElement?.tagName === "H1");
    assert.equal(await send(address, next, call("Is anybody there?")), 404);
    calm("voice");
    await close();
  });
}
