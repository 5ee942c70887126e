/** What an answer of the team once said, and a way back to it. */
import { h, uid } from "../dom.js";
import { formatMoment } from "../format.js";
import { asText, changes } from "./diff.js";

/** @typedef {import("../types.js").CuratedRevision} CuratedRevision */

/** @param {import("../types.js").CuratedPage} known @param {(revision: number) => void} restore */
export function history(known, restore) {
  const id = uid("history");
  return h("section", { class: "card panel", "aria-labelledby": id },
    h("header", { class: "panel-head" }, h("h2", { id }, "History")),
    h("ol", { class: "revisions" }, known.revisions.map((revision, at) => line(revision, known.revisions[at + 1], at === 0 ? null : () => restore(revision.revision)))));
}

/** @param {CuratedRevision} revision @param {CuratedRevision | undefined} before @param {(() => void) | null} restore */
function line(revision, before, restore) {
  const what = revision.restored_from !== null ? `Restored from revision ${revision.restored_from}` : before ? "Changed" : "Written";
  const details = h("details", { class: "revision-diff" }, h("summary", null, before ? "Show what changed" : "Show what it said"));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(changes(before ? asText(before) : "", asText(revision)));
  });
  return h("li", { class: "revision" },
    h("div", { class: "revision-head" },
      h("p", null, h("strong", null, `Revision ${revision.revision}`), h("span", { class: "hint" }, ` · ${what} by ${revision.author ?? "a former member"} · `, h("time", { datetime: revision.created_at }, formatMoment(revision.created_at)))),
      restore
        ? h("button", { type: "button", class: "button small", "aria-label": `Restore revision ${revision.revision}`, on: { click: restore } }, "Restore")
        : h("span", { class: "badge badge-neutral" }, "Now")),
    details);
}
