/** What a document was before: seen, compared with now, brought back. */
import { get, post } from "../api.js";
import { h, replace } from "../dom.js";
import { formatBytes, formatMoment, formatType } from "../format.js";
import { confirmDialog, formDialog } from "../parts/dialog.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { toast, toastProblem } from "../parts/toast.js";
import { differenceView } from "./difference.js";

/** @typedef {import("../types.js").Doc} Doc */
/** @typedef {import("../types.js").Revision} Revision */

/** @param {string} project @param {Doc} doc @param {AbortSignal} signal @param {() => void} changed */
export function revisionsPanel(project, doc, signal, changed) {
  const base = `/projects/${project}/documents/${doc.id}/revisions`;
  const slot = h("div");
  const element = h("section", { class: "card panel", "aria-labelledby": "revisions" },
    h("header", { class: "panel-head" }, h("h2", { id: "revisions" }, "Versions"), h("p", { class: "hint" }, "The last ten are kept.")), slot);
  void load(slot, {
    signal,
    skeleton: () => skeleton("rows"),
    fetch: () => /** @type {Promise<{ revisions: Revision[] }>} */ (get(base, signal)),
    render: ({ revisions }) => (revisions.length < 2
      ? h("p", { class: "hint" }, "There is no earlier version. When the file is replaced, what it was is kept here.")
      : h("ul", { class: "revisions" }, revisions.map(line))),
  });

  /** @param {Revision} one */
  const line = (one) => h("li", null,
    h("div", null,
      h("strong", null, `Version ${one.revision}`), one.replaced_at === null && h("span", { class: "badge badge-neutral" }, "Present"),
      h("p", { class: "hint" }, [one.since && formatMoment(one.since), formatType(one.media_type), formatBytes(one.size)].filter(Boolean).join(" · "))),
    one.replaced_at !== null && h("div", { class: "button-row" },
      h("button", { type: "button", class: "button small", "aria-label": `View version ${one.revision}`, on: { click: () => void view(one) } }, "View"),
      h("button", { type: "button", class: "button small", "aria-label": `Compare version ${one.revision} with the present one`, on: { click: () => void compare(one) } }, "Compare"),
      !doc.source && h("button", { type: "button", class: "button small", "aria-label": `Restore version ${one.revision}`, on: { click: () => void restore(one) } }, "Restore")));

  /** @param {Revision} one */
  const view = (one) => shown(`Version ${one.revision}`, async () => {
    const { lines } = /** @type {{ lines: string[] }} */ (await get(`${base}/${one.revision}`, signal));
    return lines.length === 0 ? h("p", { class: "hint" }, "No text could be taken from this version.") : h("div", { class: "revision-text", tabindex: "0", role: "group", "aria-label": "Text" }, lines.join("\n"));
  });

  /** @param {Revision} one */
  const compare = (one) => shown(`Version ${one.revision} and now`, async () =>
    differenceView(/** @type {import("../types.js").Difference} */ (await get(`${base}/${one.revision}/difference`, signal))));

  /** @param {Revision} one */
  async function restore(one) {
    const ok = await confirmDialog({
      title: `Restore version ${one.revision}?`,
      text: `${doc.name} gets the contents that it had then, as a new version. What it is now is kept.`,
      submit: "Restore",
      run: () => post(`${base}/${one.revision}/restore`, {}),
    });
    if (!ok) return;
    toast(`Restored version ${one.revision}`);
    changed();
  }
  return element;
}

/** A dialog whose content is on its way. @param {string} title @param {() => Promise<Node>} content */
export async function shown(title, content) {
  const slot = h("div", { class: "wide-content" }, skeleton("text"));
  content().then((node) => replace(slot, node), (error) => {
    replace(slot, h("p", { class: "hint" }, "It could not be loaded."));
    toastProblem(error);
  });
  await formDialog({ title, body: slot, submit: "Close", cancel: false, run: () => {}, wide: true });
}
