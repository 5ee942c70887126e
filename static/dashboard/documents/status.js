/** How far a document is, as a badge and, while it is being embedded, a bar. */
import { h } from "../dom.js";
import { explainFailure } from "../problem.js";
import { icon } from "../parts/icon.js";

/** @typedef {import("../types.js").Doc} Doc */

export const ACCEPT = ".md,.markdown,.txt,.html,.htm,.pdf,.docx";

/** @param {Doc} doc */
export const unfinished = (doc) => doc.status !== "ready" && doc.status !== "failed";

/** @param {Doc} doc */
export function status(doc) {
  switch (doc.status) {
    case "queued": return badge("neutral", "clock", "Waiting");
    case "reading": return badge("info", "clock", "Reading");
    case "ready": return badge("good", "check", "Ready");
    case "failed":
      return h("div", { class: "status-failed" }, badge("danger", "alert", "Could not be read"), doc.failure && h("p", { class: "hint" }, explainFailure(doc.failure)));
    case "embedding": {
      const { done, total } = doc.progress;
      return h("div", { class: "status-progress" },
        h("p", null, badge("info", "clock", total > 0 ? `Embedding ${done} of ${total}` : "Embedding")),
        h("progress", { max: Math.max(total, 1), value: done, "aria-label": `Embedding ${doc.name}` }));
    }
  }
}

/** @param {string} tone @param {import("../parts/icon.js").IconName} picture @param {string} text */
const badge = (tone, picture, text) => h("span", { class: `badge badge-${tone}` }, icon(picture), text);
