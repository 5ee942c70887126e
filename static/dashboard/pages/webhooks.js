import { get, patch, post, remove } from "../api.js";
import { h, replace, uid } from "../dom.js";
import { formatMoment } from "../format.js";
import { confirmDialog } from "../parts/dialog.js";
import { empty } from "../parts/empty.js";
import { focusOnPage } from "../parts/focus.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { notice } from "../parts/notice.js";
import { actionMenu } from "../parts/popover.js";
import { skeleton } from "../parts/skeleton.js";
import { toast, toastProblem } from "../parts/toast.js";
import { deliveryLog } from "../webhooks/deliveries.js";
import { addWebhook, editWebhook, rotateSecret } from "../webhooks/forms.js";
import { eventName, PAUSES } from "../webhooks/words.js";

/** @typedef {import("../types.js").Webhook} Webhook */
/** @typedef {{ webhooks: Webhook[], events: string[] }} WebhookList */

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, signal, title }) {
  title(`Webhooks · ${project.name}`);
  const base = `/projects/${project.id}/webhooks`;
  const slot = h("div", { class: "webhooks" });
  /** @type {string[]} */
  let events = [];
  const add = h("button", { type: "button", class: "button primary", disabled: true }, icon("plus"), "Add webhook");
  add.addEventListener("click", async () => {
    if (await addWebhook(project.id, events)) void show();
  });
  outlet.append(heading("Webhooks", { lead: "Tells your own systems what happens in this project.", actions: [add] }), slot, verifying());
  void show();

  function show() {
    return load(slot, {
      signal,
      skeleton: () => skeleton("form"),
      fetch: () => /** @type {Promise<WebhookList>} */ (get(base, signal)),
      render: (list) => {
        events = list.events;
        add.disabled = false;
        return list.webhooks.length === 0
          ? h("div", { class: "card" }, empty("webhook", "No webhooks yet", "Let your ticket system know of questions without an answer, of answers that did not help, and of documents that could not be read."))
          : list.webhooks.map((webhook) => card(webhook));
      },
    });
  }

  /** @param {Webhook} first */
  function card(first) {
    let webhook = first;
    const path = `${base}/${webhook.id}`;
    const log = deliveryLog(path, signal, () => void reload());
    const titleId = uid("webhook");
    const title = h("h2", { id: titleId });
    const standing = h("div", { class: "webhook-state", role: "status" });
    const facts = h("div", { class: "webhook-facts" });
    const send = h("button", { type: "button", class: "button small", on: { click: () => void test() } }, "Send test event");
    const menu = actionMenu("Actions", () => [
      { label: "Change", icon: "pencil", run: async () => changed(await editWebhook(project.id, events, webhook)) },
      { label: "Rotate secret", icon: "key", run: async () => changed(await rotateSecret(project.id, webhook)) },
      webhook.paused ? { label: "Resume", icon: "send", run: () => void pause(false) } : { label: "Pause", icon: "stop", run: () => void pause(true) },
      { label: "Delete", icon: "trash", danger: true, run: () => void erase() },
    ]);

    /** @param {Webhook | null} next */
    const changed = (next) => {
      if (!next || JSON.stringify(next) === JSON.stringify(webhook)) return;
      webhook = next;
      draw();
    };
    // What became of a delivery may have paused it, or made it whole.
    const reload = async () => {
      try {
        const list = /** @type {WebhookList} */ (await get(base, signal));
        changed(list.webhooks.find(({ id }) => id === webhook.id) ?? null);
      } catch {
        // The next change of the list shows it.
      }
    };
    const test = async () => {
      try {
        await post(`${path}/test`, undefined);
        toast("Test event on its way");
        await log.refresh();
      } catch (error) {
        toastProblem(error);
      }
    };
    const pause = async (/** @type {boolean} */ paused) => {
      try {
        changed(await patch(path, { paused }));
        toast(paused ? "Webhook paused" : "Webhook resumed");
      } catch (error) {
        toastProblem(error);
      }
    };
    const erase = async () => {
      const done = await confirmDialog({
        title: "Delete this webhook?",
        text: "Nothing is sent to it any more, and its secret and the list of its deliveries are deleted. This cannot be undone.",
        submit: "Delete webhook",
        danger: true,
        run: () => remove(path),
      });
      if (!done) return;
      toast("Webhook deleted");
      await show();
      focusOnPage();
    };

    function draw() {
      const name = webhook.description === "" ? new URL(webhook.url).host : webhook.description;
      const held = facts.contains(document.activeElement);
      title.textContent = name;
      for (const named of menu.querySelectorAll("[aria-label]")) named.setAttribute("aria-label", `Actions for ${name}`);
      send.disabled = webhook.paused !== null;
      replace(standing, state(webhook));
      replace(facts,
        webhook.paused && notice("warning", [
          h("p", null, PAUSES[webhook.paused.reason] ?? "Paused."),
          h("p", { class: "hint" }, `Since ${formatMoment(webhook.paused.since)}. `,
            h("button", { type: "button", class: "button small", on: { click: () => void pause(false) } }, "Resume"))]),
        h("p", { class: "webhook-url" }, h("code", null, webhook.url)),
        h("ul", { class: "webhook-events", "aria-label": "Events" }, webhook.events.map((event) => h("li", { class: "badge badge-neutral" }, eventName(event), h("code", null, event)))),
        webhook.previous_secret_until && h("p", { class: "hint" }, `Signed with the old and the new secret until ${formatMoment(webhook.previous_secret_until)}.`));
      // The button that resumes is gone once it did.
      if (held) (facts.querySelector("button") ?? send).focus({ preventScroll: true });
    }
    draw();
    void log.show();
    return h("section", { class: "card panel webhook", "aria-labelledby": titleId },
      h("header", { class: "panel-head" },
        h("div", { class: "webhook-title" }, title, standing),
        h("div", { class: "webhook-actions" }, send, menu)),
      facts,
      log.element);
  }
}

/** @param {Webhook} webhook */
function state(webhook) {
  if (webhook.paused) return h("span", { class: "badge badge-warning" }, icon("stop"), "Paused");
  if (webhook.failing_since) return [h("span", { class: "badge badge-danger" }, icon("alert"), "Failing"), h("span", { class: "hint" }, `since ${formatMoment(webhook.failing_since)}`)];
  return h("span", { class: "badge badge-good" }, icon("check"), "Active");
}

function verifying() {
  return h("details", { class: "card panel audit-about" },
    h("summary", null, "How your receiver verifies a request"),
    h("p", null, "Requests are signed as Standard Webhooks describes: ", h("code", null, "webhook-id"), ", ", h("code", null, "webhook-timestamp"), " and ", h("code", null, "webhook-signature"),
      ", an HMAC-SHA256 over ", h("code", null, "{id}.{timestamp}.{body}"), ". Its libraries exist for many languages; give them the secret as it is, and the body before it is parsed."),
    h("p", null, "An event may arrive more than once, always with the same id: remember the ids that you have seen. Answer with a 2xx status within 15 seconds; anything else is tried again for about a day."));
}
