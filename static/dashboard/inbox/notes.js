/** Notes of the team at a conversation. */
import { post, remove } from "../api.js";
import { h, replace } from "../dom.js";
import { formatAgo, formatMoment } from "../format.js";
import { confirmDialog } from "../parts/dialog.js";
import { field } from "../parts/field.js";
import { icon } from "../parts/icon.js";
import { explain } from "../problem.js";

/** @typedef {import("../types.js").Note} Note */

/** @param {string} path the conversation's address at the server */
export function notesPanel(path) {
  /** @type {Note[]} */
  let notes = [];
  const list = h("ul", { class: "notes" });
  const text = field({ label: "Add a note", multiline: true, rows: 2, maxlength: 5000, hint: "For your team only. Visitors never see it." });
  const add = h("button", { type: "submit", class: "button small" }, "Add note");
  const form = h("form", { class: "note-form", on: { submit: (event) => { event.preventDefault(); void save(); } } }, text.element, add);

  async function save() {
    if (text.input.value.trim() === "") return text.error("Write something first.");
    add.disabled = true;
    try {
      set([...notes, await post(`${path}/notes`, { text: text.input.value })]);
      text.input.value = "";
    } catch (error) {
      text.error(explain(error));
    } finally {
      add.disabled = false;
    }
  }

  /** @param {Note} note */
  async function drop(note) {
    const gone = await confirmDialog({ title: "Delete this note?", text: "It is gone for the whole team.", submit: "Delete note", danger: true, run: () => remove(`${path}/notes/${note.id}`) });
    if (!gone) return;
    set(notes.filter(({ id }) => id !== note.id));
    text.input.focus();
  }

  /** @param {Note[]} next */
  function set(next) {
    notes = next;
    list.hidden = notes.length === 0;
    replace(list, notes.map((note) => h("li", { class: "note" },
      h("p", { class: "note-text" }, note.text),
      h("p", { class: "hint" }, `${note.email} · `, h("time", { datetime: note.created_at, title: formatMoment(note.created_at) }, formatAgo(note.created_at))),
      note.own && h("button", { type: "button", class: "icon-button", "aria-label": `Delete the note: ${note.text.slice(0, 60)}`, on: { click: () => void drop(note) } }, icon("trash")))));
  }

  return {
    element: h("section", { class: "card panel", "aria-labelledby": "notes" }, h("header", { class: "panel-head" }, h("h2", { id: "notes" }, "Notes")), list, form),
    set,
  };
}
