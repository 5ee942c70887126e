/** How far a document is, as a badge and, while its passages are being embedded, a bar. */
import { h } from "../dom.js";
import { formatNumber } from "../format.js";
import { explainFailure, worthReadingAgain } from "../problem.js";
import { icon } from "../parts/icon.js";

/** @typedef {import("../types.js").Doc} Doc */

export const ACCEPT = ".md,.markdown,.txt,.html,.htm,.pdf,.docx";

/** @param {Doc} doc */
export const unfinished = (doc) => doc.status !== "ready" && doc.status !== "failed";

/** @typedef {{ replace: () => void, again: () => Promise<unknown> }} Remedies what can be done about a file that could not be read */

/** @param {Doc} doc @param {Remedies} [remedies] */
export function status(doc, remedies) {
  switch (doc.status) {
    case "queued": return badge("neutral", "clock", "Waiting");
    case "reading": return badge("info", "clock", "Reading");
    case "ready": return badge("good", "check", "Ready");
    case "failed":
      return h("div", { class: "status-failed" }, badge("danger", "alert", "Could not be read"),
        doc.failure && remedies && [h("p", { class: "hint" }, explain(doc, doc.failure)), !doc.source && remedyButtons(doc, remedies)]);
    case "embedding": {
      const { done, total } = doc.progress;
      return h("div", { class: "status-progress" },
        h("p", null, badge("info", "clock", total > 0 ? `Indexing ${formatNumber(done)} of ${formatNumber(total)}` : "Indexing")),
        h("progress", { max: Math.max(total, 1), value: done, "aria-label": `Indexing ${doc.name}` }));
    }
  }
}

/** Why it could not be read, and what to do about it where that can be done. @param {Doc} doc @param {{ code: string, detail: string }} failure */
export const explain = (doc, failure) => (doc.source ? `${failure.detail} It is read again when it changes at its source.` : explainFailure(failure));

/** @param {Doc} doc @param {Remedies} remedies */
export function remedyButtons(doc, { replace, again }) {
  const retry = h("button", { type: "button", class: "button small", "aria-label": `Try again: read ${doc.name} once more` }, icon("replace"), "Try again");
  retry.addEventListener("click", async () => {
    retry.disabled = true;
    await again();
    retry.disabled = false;
  });
  return h("div", { class: "button-row" },
    doc.failure && worthReadingAgain(doc.failure) && retry,
    h("button", { type: "button", class: "button small", "aria-label": `Replace file: ${doc.name}`, on: { click: replace } }, icon("upload"), "Replace file"));
}

/** @param {string} tone @param {import("../parts/icon.js").IconName} picture @param {string} text */
const badge = (tone, picture, text) => h("span", { class: `badge badge-${tone}` }, icon(picture), text);
