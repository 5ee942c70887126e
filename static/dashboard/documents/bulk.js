/** What can be done with many documents at once: the bar that appears when some are chosen, and how far it is. */
import { get, post } from "../api.js";
import { h, replace } from "../dom.js";
import { count } from "../format.js";
import { confirmDialog, formDialog } from "../parts/dialog.js";
import { field, select } from "../parts/field.js";
import { icon } from "../parts/icon.js";
import { actionMenu } from "../parts/popover.js";
import { toast, toastProblem } from "../parts/toast.js";

/** @typedef {import("../types.js").Batch} Batch */
/** @typedef {import("../types.js").Facets} Facets */

const EVERY = 400;

/** @type {Record<string, (documents: string) => string>} what is said when it is done */
const DONE = {
  delete: (documents) => `Deleted ${documents}`,
  tag: (documents) => `Tagged ${documents}`,
  untag: (documents) => `Took the tag off ${documents}`,
  move: (documents) => `Moved ${documents}`,
  retry: (documents) => `Reading ${documents} once more`,
  reviewed: (documents) => `Marked ${documents} as reviewed`,
  review_by: (documents) => `Set the review date of ${documents}`,
};

/** @type {Record<string, (documents: string) => string>} and of those that it was not done to */
const SKIPPED = {
  delete: (documents) => `${documents} stay: they come from a source, which decides about them.`,
  tag: (documents) => `${documents} have as many tags as a document can have.`,
  retry: (documents) => `${documents} had been read already.`,
};

/**
 * @param {object} how
 * @param {string} how.project
 * @param {AbortSignal} how.signal
 * @param {() => Record<string, unknown>} how.filter of the list, for everything that matches
 * @param {() => Facets} how.facets
 * @param {() => void} how.changed something was done
 * @param {() => void} how.cleared nothing is chosen any more
 */
export function bulkBar({ project, signal, filter, facets, changed, cleared }) {
  /** @type {Set<string>} */
  const chosen = new Set();
  /** Everything that matches, also what is not shown. */
  let everything = false;
  let matching = 0;
  let shown = 0;
  let running = false;

  const words = h("p", { class: "bulk-words", role: "status" });
  const all = h("button", { type: "button", class: "button quiet small", on: { click: () => { everything = true; draw(); } } });
  const button = (/** @type {string} */ text, /** @type {import("../parts/icon.js").IconName} */ picture, /** @type {() => void} */ click, kind = "button small") =>
    h("button", { type: "button", class: kind, on: { click } }, icon(picture), text);
  const more = actionMenu("More for the chosen documents", () => [
    { label: "Take a tag off", icon: "close", run: () => void untag() },
    { label: "Mark as reviewed", icon: "check", run: () => void run({ action: "reviewed" }) },
    { label: "Set review date", icon: "clock", run: () => void reviewBy() },
    { label: "Try to read again", icon: "replace", run: () => void run({ action: "retry" }) },
  ]);
  const buttons = h("div", { class: "button-row" },
    button("Tag", "hash", () => void tag()),
    button("Move", "layers", () => void move()),
    more,
    button("Delete", "trash", () => void remove(), "button small danger-quiet"),
    h("button", { type: "button", class: "button quiet small", on: { click: () => clear() } }, "Clear"));
  const progress = h("progress", { max: 1, value: 0, "aria-label": "How far it is", hidden: true });
  const element = h("section", { class: "card bulk", "aria-label": "Chosen documents", hidden: true }, h("div", { class: "bulk-row" }, words, all, buttons), progress);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && chosen.size > 0 && !running && !document.querySelector("dialog[open], .menu:popover-open")) clear();
  }, { signal });

  const size = () => (everything ? matching : chosen.size);
  function draw() {
    element.hidden = chosen.size === 0 && !running;
    replace(words, `${count(size(), "document")} chosen`);
    all.hidden = everything || running || chosen.size < shown || matching <= chosen.size;
    all.textContent = `Choose all ${count(matching, "document")} that match`;
    buttons.hidden = running;
  }

  function clear() {
    chosen.clear();
    everything = false;
    draw();
    cleared();
  }

  /** @param {Record<string, unknown>} body */
  async function run(body) {
    const total = size();
    running = true;
    Object.assign(progress, { max: Math.max(total, 1), value: 0, hidden: false });
    draw();
    try {
      const base = `/projects/${project}/documents/batches`;
      /** @type {Batch} */
      let batch = await post(base, { ...body, ...(everything ? { filter: filter() } : { documents: [...chosen] }) });
      while (batch.finished_at === null) {
        await new Promise((resume) => setTimeout(resume, EVERY));
        if (signal.aborted) return;
        batch = await get(`${base}/${batch.id}`, signal);
        Object.assign(progress, { max: Math.max(batch.total, 1), value: batch.done });
        replace(words, `${batch.done} of ${count(batch.total, "document")}`);
      }
      const done = batch.done - batch.skipped;
      if (done > 0 || batch.skipped === 0) toast(DONE[batch.action]?.(count(done, "document")) ?? "Done");
      const skipped = SKIPPED[batch.action];
      if (batch.skipped > 0 && skipped) toast(skipped(count(batch.skipped, "document")), "failed");
      running = false;
      clear();
      changed();
    } catch (error) {
      running = false;
      if (signal.aborted) return;
      toastProblem(error);
    } finally {
      progress.hidden = true;
      draw();
    }
  }

  async function tag() {
    const known = facets().tags.map(({ tag }) => tag);
    const list = h("datalist", { id: "known-tags" }, known.map((tag) => h("option", { value: tag })));
    const name = field({ label: "Tag", maxlength: 40, autocomplete: "off", list: "known-tags", hint: "A word or a few, such as “billing”." });
    const ok = await formDialog({ title: `Tag ${count(size(), "document")}`, body: [name.element, list], submit: "Tag", ready: () => name.input.value.trim() !== "", run: () => {} });
    if (ok) await run({ action: "tag", tag: name.input.value.trim() });
  }

  async function untag() {
    const known = facets().tags;
    let tag = known[0]?.tag ?? "";
    if (tag === "") return toast("No document has a tag", "failed");
    const choice = select("Tag", known.map((one) => [one.tag, `${one.tag} (${one.documents})`]), tag, (value) => (tag = value));
    if (await formDialog({ title: `Take a tag off ${count(size(), "document")}`, body: choice, submit: "Take off", run: () => {} })) await run({ action: "untag", tag });
  }

  async function move() {
    let collection = "";
    const choice = select("Collection", [["", "No collection"], ...facets().collections.map((one) => /** @type {[string, string]} */ ([one.id, one.name]))], "", (value) => (collection = value));
    const ok = await formDialog({
      title: `Move ${count(size(), "document")}`,
      body: [choice, facets().collections.length === 0 && h("p", { class: "hint" }, "There is no collection yet. Make one with the button “Collections”.")],
      submit: "Move", run: () => {},
    });
    if (ok) await run({ action: "move", collection: collection === "" ? null : collection });
  }

  async function reviewBy() {
    const day = field({ label: "Review by", type: "date", hint: "Leave it empty to go by the collection." });
    if (await formDialog({ title: `Review date of ${count(size(), "document")}`, body: day.element, submit: "Set", run: () => {} })) {
      await run({ action: "review_by", day: day.input.value === "" ? null : day.input.value });
    }
  }

  async function remove() {
    const ok = await confirmDialog({
      title: `Delete ${count(size(), "document")}?`,
      text: "They and everything learned from them will be gone from answers at once. This cannot be undone. What comes from a source stays.",
      submit: "Delete documents", danger: true,
    });
    if (ok) await run({ action: "delete" });
  }

  return {
    element,
    has: (/** @type {string} */ id) => chosen.has(id),
    /** @param {string} id @param {boolean} on */
    set(id, on) {
      if (on) chosen.add(id);
      else chosen.delete(id);
      everything = false;
      draw();
    },
    clear,
    size: () => chosen.size,
    /** What the list shows of how many. @param {string[]} ids @param {number} all */
    follow(ids, all) {
      shown = ids.length;
      matching = all;
      for (const id of chosen) if (!ids.includes(id)) chosen.delete(id);
      draw();
    },
  };
}
