/** Adding and changing a webhook, and the one time that its secret is seen. */
import { patch, post } from "../api.js";
import { h } from "../dom.js";
import { formatMoment } from "../format.js";
import { confirmDialog, formDialog } from "../parts/dialog.js";
import { field } from "../parts/field.js";
import { showSecretOnce } from "../parts/secret.js";
import { asProblem, explain } from "../problem.js";
import { EVENTS, eventName } from "./words.js";

/** @typedef {import("../types.js").Webhook} Webhook */
/** @typedef {import("../types.js").WebhookSecret} WebhookSecret */

/** @param {string[]} events every one there is @param {string[]} chosen */
function eventChoice(events, chosen) {
  const boxes = events.map((event) => h("input", { type: "checkbox", value: event, checked: chosen.includes(event) }));
  const element = h("fieldset", { class: "choices" },
    h("legend", null, "Events"),
    events.map((event, at) => h("label", { class: "choice" }, boxes[at],
      h("span", { class: "choice-words" },
        h("span", { class: "choice-name" }, eventName(event)),
        h("span", { class: "hint" }, EVENTS[event]?.meaning, " ", h("code", null, event))))));
  return { element, chosen: () => boxes.filter((box) => box.checked).map((box) => box.value) };
}

/** @param {string[]} events @param {Webhook | null} webhook */
function form(events, webhook) {
  const url = field({
    label: "Address", type: "url", inputmode: "url", autocomplete: "off", spellcheck: "false", value: webhook?.url ?? "", maxlength: 2048,
    placeholder: "https://hooks.example.com/support",
    hint: "A public https address. Each event is posted to it as JSON.",
  });
  const description = field({ label: "Description", optional: true, autocomplete: "off", maxlength: 120, value: webhook?.description ?? "", hint: "To tell it from others, such as “Ticket system”." });
  const choice = eventChoice(events, webhook?.events ?? events);
  return {
    body: [url.element, description.element, choice.element],
    ready: () => url.input.value.trim() !== "" && choice.chosen().length > 0,
    values: () => ({ url: url.input.value.trim(), description: description.input.value.trim(), events: choice.chosen() }),
    /** @param {unknown} error */
    refused(error) {
      const wrong = { url, description }[asProblem(error).field ?? ""];
      if (!wrong) return false;
      wrong.error(explain(error));
      wrong.input.focus();
      return true;
    },
  };
}

/** @param {string} project @param {string[]} events @returns {Promise<Webhook | null>} */
export async function addWebhook(project, events) {
  const { body, ready, values, refused } = form(events, null);
  /** @type {WebhookSecret | null} */
  let made = null;
  await formDialog({
    title: "Add a webhook", body, submit: "Add webhook", ready, refused,
    async run() {
      made = await post(`/projects/${project}/webhooks`, values());
    },
  });
  if (!made) return null;
  await showSecret("Webhook added", made);
  return /** @type {WebhookSecret} */ (made).webhook;
}

/** @param {string} project @param {string[]} events @param {Webhook} webhook @returns {Promise<Webhook | null>} */
export async function editWebhook(project, events, webhook) {
  const { body, ready, values, refused } = form(events, webhook);
  /** @type {Webhook | null} */
  let saved = null;
  await formDialog({
    title: "Change the webhook", body, submit: "Save", ready, refused,
    async run() {
      const { url, ...rest } = values();
      saved = await patch(`/projects/${project}/webhooks/${webhook.id}`, url === webhook.url ? rest : { url, ...rest });
    },
  });
  return saved;
}

/** @param {string} project @param {Webhook} webhook @returns {Promise<Webhook | null>} */
export async function rotateSecret(project, webhook) {
  /** @type {WebhookSecret | null} */
  let made = null;
  await confirmDialog({
    title: "Rotate the secret?",
    text: "A new secret is made. For a day everything is signed with both, so that your receiver can change over without losing an event.",
    submit: "Rotate secret",
    async run() {
      made = await post(`/projects/${project}/webhooks/${webhook.id}/secret`, undefined);
    },
  });
  if (!made) return null;
  await showSecret("New secret", made);
  return /** @type {WebhookSecret} */ (made).webhook;
}

/** @param {string} title @param {WebhookSecret} made */
function showSecret(title, { secret, webhook }) {
  const until = webhook.previous_secret_until;
  return showSecretOnce({
    title,
    lead: "Your receiver verifies each request with this secret. Any Standard Webhooks library does that.",
    secret,
    ...(until && { note: `The secret before it signs too until ${formatMoment(until)}.` }),
  });
}
