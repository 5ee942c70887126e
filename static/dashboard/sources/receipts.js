/** What became of what was disconnected, step by step. */
import { h, webAddress } from "../dom.js";
import { count, formatMoment } from "../format.js";
import { icon } from "../parts/icon.js";
import { KINDS } from "./words.js";

/** @typedef {import("../types.js").Receipt} Receipt */

/** @param {Receipt} receipt */
export const isOpen = ({ done_at }) => done_at === null;

/** @typedef {{ done: boolean, words: import("../dom.js").Child[] }} Step */

/** What became of the access. @param {Receipt} receipt @returns {Step[]} */
function accessSteps({ kind, grant, finish_at, last_error }) {
  const { title } = KINDS[kind];
  const deleted = { done: true, words: ["The stored access was deleted here."] };
  switch (grant) {
    case "none": return [];
    case "pending": return [deleted, { done: false, words: [`${title} has not confirmed yet that it ended. It is asked again by itself.`, last_error !== null && h("span", { class: "hint" }, ` Last answer: ${last_error}`)] }];
    case "revoked": return [deleted, { done: true, words: [`${title} confirmed that the access ended.`] }];
    case "gone": return [deleted, { done: true, words: [`The access had ended at ${title} already.`] }];
    case "unconfirmed": {
      const href = finish_at === null ? null : webAddress(finish_at);
      const where = kind === "confluence" ? "Atlassian" : title;
      return [deleted, { done: false, words: [
        `${where} has no way to remove the app from here. One step is yours: `,
        href ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, `finish at ${where}`, h("span", { class: "sr-only" }, " (opens in a new tab)")) : `remove it in your account at ${where}`, "."] }];
    }
  }
}

/** What became of the documents. @param {Receipt} receipt @returns {Step} */
function documentStep({ kind, cause, documents, documents_done: done, documents_left: left }) {
  if (cause === "told") return { done: true, words: [`${count(done, "document")} deleted at once, from the index and from answers: ${KINDS[kind].title} told that ${done === 1 ? "it is" : "they are"} there no longer.`] };
  const words = documents === "delete"
    ? left > 0 ? `${count(done, "document")} deleted, ${left} to go.` : done > 0 ? `${count(done, "document")} deleted, from the index and from answers.` : "There was no document to delete."
    : left > 0 ? `${count(done, "document")} let go, ${left} to go.` : done > 0 ? `${count(done, "document")} kept as they were.` : "There was no document to keep.";
  return { done: left === 0, words: [words] };
}

/** @param {Receipt} receipt */
function badge(receipt) {
  if (isOpen(receipt)) return h("span", { class: "badge badge-info" }, icon("clock"), "In progress");
  if (receipt.grant === "unconfirmed") return h("span", { class: "badge badge-warning" }, icon("alert"), "One step is yours");
  return h("span", { class: "badge badge-good" }, icon("check"), "Done");
}

/** @param {Receipt} receipt */
export function receiptLine(receipt) {
  const own = receipt.grant === "none" || receipt.documents_done + receipt.documents_left > 0;
  const steps = [...accessSteps(receipt), ...(own ? [documentStep(receipt)] : [])];
  return h("li", { class: "receipt" },
    h("div", { class: "receipt-head" },
      h("h3", null, h("span", { class: "receipt-picture" }, icon(KINDS[receipt.kind].picture)), h("span", null, receipt.name), h("span", { class: "sr-only" }, `, ${KINDS[receipt.kind].title}`)),
      badge(receipt)),
    h("ul", { class: "receipt-steps" }, steps.map(({ done, words }) =>
      h("li", { class: done ? "done" : "" }, icon(done ? "check" : "clock"), h("span", null, words)))),
    h("p", { class: "hint" }, receipt.cause === "told" ? "Told " : "Asked for ", h("time", { datetime: receipt.asked_at }, formatMoment(receipt.asked_at)),
      receipt.done_at !== null && receipt.done_at !== receipt.asked_at && [receipt.cause === "told" ? ", last " : ", done ", h("time", { datetime: receipt.done_at }, formatMoment(receipt.done_at))]));
}
