/** What is masked in what people write, and how long conversations are kept. */
import { get, put } from "../api.js";
import { h, replace } from "../dom.js";
import { count, formatMoment, formatUntil } from "../format.js";
import { confirmDialog } from "../parts/dialog.js";
import { field } from "../parts/field.js";
import { load } from "../parts/load.js";
import { problemNotice } from "../parts/notice.js";
import { skeleton } from "../parts/skeleton.js";
import { toast } from "../parts/toast.js";
import { asProblem, explain } from "../problem.js";

/** @typedef {import("../types.js").Privacy} Privacy */
/** @typedef {import("../types.js").Masks} Masks */

/** @type {[kind: keyof Masks, name: string, example: string][]} */
const KINDS = [
  ["email", "Email addresses", "ada@example.com becomes [email]"],
  ["phone", "Phone numbers", "+44 20 7946 0958 becomes [phone]"],
  ["card", "Card numbers", "Numbers with a valid check digit become [card]"],
  ["iban", "Bank accounts", "Valid IBANs become [iban]"],
  ["secret", "Keys and passwords of services", "API keys, tokens and private keys become [secret]"],
];
const EVERY = 1000;

/** @param {string} project @param {AbortSignal} signal */
export function privacyPanel(project, signal) {
  const path = `/projects/${project}/privacy`;
  const slot = h("div");
  void load(slot, { signal, skeleton: () => skeleton("form"), fetch: () => /** @type {Promise<Privacy>} */ (get(path, signal)), render: (privacy) => form(privacy) });
  return h("section", { class: "card panel", "aria-labelledby": "privacy" },
    h("header", { class: "panel-head" }, h("h2", { id: "privacy" }, "Privacy")), slot);

  /** @param {Privacy} first */
  function form(first) {
    let saved = first;
    const boxes = KINDS.map(([kind, name, example]) => {
      const box = h("input", { type: "checkbox", class: "checkbox", checked: saved.mask[kind] });
      return { kind, box, line: h("label", { class: "tick" }, box, h("span", null, name, h("span", { class: "hint" }, example))) };
    });
    const forever = h("input", { type: "radio", name: "keep", checked: saved.keep_days === null });
    const limited = h("input", { type: "radio", name: "keep", checked: saved.keep_days !== null });
    const days = field({ label: "Days after the last message", type: "number", min: 1, max: 3650, inputmode: "numeric", value: saved.keep_days ?? 365 });
    const trouble = h("div");
    const state = h("p", { class: "hint", role: "status" });
    const save = h("button", { type: "submit", class: "button primary" }, "Save privacy settings");
    const wanted = () => ({
      mask: /** @type {Masks} */ (Object.fromEntries(boxes.map(({ kind, box }) => [kind, box.checked]))),
      keep_days: forever.checked ? null : Number(days.input.value),
    });
    const refresh = () => {
      days.element.hidden = forever.checked;
      save.disabled = JSON.stringify(wanted()) === JSON.stringify({ mask: saved.mask, keep_days: saved.keep_days }) || (limited.checked && days.input.value === "");
    };
    const tell = () => {
      const { deleting, last, next_at: next } = saved;
      replace(state, saved.keep_days === null ? null
        : deleting > 0 ? `Deleting old conversations: ${count(deleting, "conversation")} so far.`
          : [last ? `Last deletion: ${count(last.conversations, "conversation")}, ${formatMoment(last.at)}. ` : "Old conversations are being looked for. ", next && last && `The next is due ${formatUntil(next)}.`].filter(Boolean).join(""));
    };
    /** Until the deletion that was just asked for is over. @param {string | undefined} before */
    const follow = async (before) => {
      while (!signal.aborted && saved.keep_days !== null && saved.last?.at === before) {
        await new Promise((resume) => setTimeout(resume, EVERY));
        if (signal.aborted) return;
        try {
          saved = await get(path, signal);
        } catch {
          return;
        }
        tell();
      }
    };
    const element = h("form", { class: "stack", novalidate: true, on: { input: refresh, change: refresh } },
      h("fieldset", { class: "group" },
        h("legend", null, "Mask before anything is stored"),
        h("p", { class: "hint" }, "In questions and transcripts of every channel. What is masked is never stored, and never sent to a language model."),
        boxes.map(({ line }) => line)),
      h("fieldset", { class: "group" },
        h("legend", null, "Keep conversations"),
        h("label", { class: "tick" }, forever, h("span", null, "Until somebody deletes them")),
        h("label", { class: "tick" }, limited, h("span", null, "For a number of days", h("span", { class: "hint" }, "Older ones are deleted each day, with their feedback and sources. Figures in the analytics stay; they name nobody."))),
        days.element),
      state, trouble, h("div", { class: "button-row" }, save));
    element.addEventListener("submit", async (event) => {
      event.preventDefault();
      trouble.replaceChildren();
      const next = wanted();
      save.disabled = true;
      try {
        if (next.keep_days !== null && next.keep_days !== saved.keep_days && !(await agreed(next.keep_days))) return;
        const before = saved.last?.at;
        const changed = next.keep_days !== saved.keep_days;
        saved = await put(path, next);
        toast("Privacy settings saved");
        tell();
        if (changed) void follow(before);
      } catch (error) {
        if (asProblem(error).code === "invalid_keep_days") days.error(explain(error));
        else replace(trouble, problemNotice(error));
      } finally {
        refresh();
      }
    });
    refresh();
    tell();
    return element;
  }

  /** What would be deleted is told before. @param {number} days */
  async function agreed(days) {
    const { would_delete: many } = /** @type {Privacy} */ (await get(`${path}?keep_days=${days}`, signal));
    if (!many) return true;
    return confirmDialog({
      title: `Delete ${count(many, "conversation")}?`,
      text: `${many === 1 ? "One conversation is" : `${count(many, "conversation")} are`} older than ${count(days, "day")} and will be deleted now, on every channel. This cannot be undone.`,
      submit: "Save and delete", danger: true,
    });
  }
}
