/** Letting go: what will happen is said before it does. */
import { post, send } from "../api.js";
import { h } from "../dom.js";
import { count } from "../format.js";
import { formDialog } from "../parts/dialog.js";
import { field } from "../parts/field.js";
import { radios } from "./fields.js";
import { KINDS } from "./words.js";

/** @typedef {import("../types.js").Source} Source */
/** @typedef {import("../types.js").Grant} Grant */
/** @typedef {import("../types.js").Receipt} Receipt */
/** @typedef {import("../types.js").Fate} Fate */

/** @param {(string | null)[]} steps */
const whatHappens = (steps) => h("div", null,
  h("h3", null, "What happens"),
  h("ol", { class: "what-happens" }, steps.filter((step) => step !== null).map((step) => h("li", null, step))));

/** What becomes of the documents: neither is chosen for anybody. @param {string} which */
function fate(which) {
  /** @type {Fate | null} */
  let chosen = null;
  const element = radios(`${which} are`, [
    ["delete", "Deleted", "They are gone from the index and from answers. This cannot be undone."],
    ["keep", "Kept as they are now", "They are answered from as before, are never brought up to date again, and can be replaced and deleted by hand."],
  ], "", (value) => {
    chosen = value === "keep" ? "keep" : "delete";
  });
  return { element, chosen: () => chosen };
}

/**
 * @param {object} how
 * @param {string} how.title
 * @param {(string | null)[]} how.steps
 * @param {string | null} how.documents whose fate is to be chosen; null when there are none
 * @param {string} how.submit
 * @param {string} [how.typed] what is to be typed first
 * @param {(documents: Fate) => Promise<void>} how.run
 */
async function ask({ title, steps, documents, submit, typed, run }) {
  const choice = documents === null ? null : fate(documents);
  const confirmation = typed === undefined ? null : field({ label: "Workspace name", autocomplete: "off", spellcheck: "false" });
  return formDialog({
    title,
    body: [
      whatHappens(steps),
      choice?.element,
      confirmation && h("p", null, "Type ", h("strong", { class: "typed-name" }, typed), " to confirm."),
      confirmation?.element,
    ],
    submit,
    danger: true,
    ready: () => choice?.chosen() !== null && (confirmation === null || confirmation.input.value === typed),
    run: () => run(choice?.chosen() ?? "keep"),
  });
}

/** @param {string} project @param {Source} source @returns {Promise<Receipt | null>} */
export async function leaveSource(project, source) {
  /** @type {Receipt | null} */
  let receipt = null;
  const { title } = KINDS[source.kind];
  await ask({
    title: `Disconnect ${source.name}?`,
    steps: [
      "From this moment on nothing is read from it.",
      `Its settings and its history are deleted. What becomes of its ${count(source.counts.documents, "document")}, you choose below.`,
      source.kind === "website"
        ? KINDS.website.ending
        : source.kind === "slack"
          ? KINDS.slack.ending
          : `The access to ${source.grant?.name ?? title} at ${title} stays, for other sources. It is ended under Connections.`,
      "It is written to the audit log, and a receipt stays under Connections.",
    ],
    documents: "Its documents",
    submit: "Disconnect",
    async run(documents) {
      receipt = await (await send("DELETE", `/projects/${project}/sources/${source.id}`, { body: { documents } })).json();
    },
  });
  return receipt;
}

/** @param {Grant} grant @returns {Promise<Receipt | null>} */
export async function leaveGrant(grant) {
  /** @type {Receipt | null} */
  let receipt = null;
  const { title, ending } = KINDS[grant.kind];
  await ask({
    title: `Disconnect ${grant.name}?`,
    steps: [
      "The stored access is deleted here first, and everything that used it stops at once.",
      ending,
      grant.sources > 0 ? `${count(grant.sources, "source")} that ${grant.sources === 1 ? "reads" : "read"} with it ${grant.sources === 1 ? "is" : "are"} removed: ${grant.used_by.map(({ name }) => name).join(", ")}.` : "No source reads with it, so no document is touched.",
      "It is written to the audit log, and a receipt stays on this page.",
    ],
    documents: grant.sources > 0 ? `The documents from ${title}` : null,
    submit: "Disconnect",
    async run(documents) {
      receipt = await (await send("DELETE", `/integrations/grants/${grant.id}`, { body: { documents } })).json();
    },
  });
  return receipt;
}

/** @param {{ workspace: string, grants: Grant[], teams: { name: string }[] }} what @returns {Promise<Receipt[] | null>} */
export async function leaveEverything({ workspace, grants, teams }) {
  /** @type {Receipt[] | null} */
  let receipts = null;
  const atlassian = grants.some(({ kind }) => kind === "confluence");
  await ask({
    title: "Revoke every integration?",
    steps: [
      `Every stored access is deleted here first${grants.length > 0 ? `: ${grants.map(({ name, kind }) => `${name} (${KINDS[kind].title})`).join(", ")}` : ""}. Everything that used it stops at once.`,
      "Each is then revoked at its provider. That is tried again until the provider confirms it.",
      atlassian ? "Atlassian alone has no way to remove the app from here. The stored token is made worthless, and the receipt links to the page where you finish that." : null,
      teams.length > 0 ? `${teams.map(({ name }) => name).join(", ")} in Slack ${teams.length === 1 ? "is" : "are"} disconnected: nothing is answered there any more.` : null,
      "Every source of every project is removed, websites too.",
      "It is written to the audit log, and a receipt for each stays on this page.",
    ],
    documents: "The documents of all sources",
    submit: "Revoke everything",
    typed: workspace,
    async run(documents) {
      const answer = /** @type {{ receipts: Receipt[] }} */ (await post("/integrations/revoke-all", { documents }));
      receipts = answer.receipts;
    },
  });
  return receipts;
}
