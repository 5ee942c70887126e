import { get, patch, post, remove } from "../api.js";
import { h } from "../dom.js";
import { formatAgo, formatMoment } from "../format.js";
import { askAgain } from "../inbox/counts.js";
import { confirmDialog, formDialog } from "../parts/dialog.js";
import { empty } from "../parts/empty.js";
import { field, segmented } from "../parts/field.js";
import { focusOnPage } from "../parts/focus.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { moreButton } from "../parts/more-button.js";
import { skeleton } from "../parts/skeleton.js";
import { toastProblem } from "../parts/toast.js";
import { explain } from "../problem.js";
import { amend } from "../router.js";

/** @typedef {import("../types.js").Todo} Todo */
/** @typedef {import("../types.js").TodoPage} TodoPage */

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, query, signal, title }) {
  title(`To-dos · ${project.name}`);
  const base = `/projects/${project.id}/todos`;
  const slot = h("div");
  let done = query.get("done") === "true";
  const text = field({ label: "What is to be done?", maxlength: 5000, placeholder: "Write about single sign-on, say" });
  const add = h("button", { type: "submit", class: "button primary" }, icon("plus"), "Add");

  const page = async (/** @type {string | null} */ before) => {
    const search = new URLSearchParams({ done: String(done), limit: "50", ...(before && { before }) });
    const found = /** @type {TodoPage} */ (await get(`${base}?${search}`, signal));
    return { items: found.todos, next: found.next };
  };
  const show = () => load(slot, { signal, skeleton: () => skeleton("rows"), fetch: () => page(null), render: content });

  /** @param {{ items: Todo[], next: string | null }} first */
  function content(first) {
    if (first.items.length === 0) {
      return done
        ? h("p", { class: "nothing card" }, "Nothing is done yet.")
        : empty("check", "Nothing to do", "Add what is missing from your documents here, or turn a question of the inbox into a to-do.", h("a", { class: "button", href: `/projects/${project.id}/conversations?state=attention` }, "Look at the inbox"));
    }
    const list = h("ul", { class: "todos card" }, first.items.map(line));
    const more = moreButton({
      signal,
      next: first.next,
      fetch: page,
      add(items) {
        const added = items.map(line);
        list.append(...added);
        return added[0];
      },
    });
    return [list, more.element];
  }

  /** What it is called: in the team's words, or the question itself. @param {Todo} todo */
  const name = (todo) => todo.text || todo.question?.text || "A question that was deleted";

  /** @param {Todo} todo @returns {HTMLElement} */
  function line(todo) {
    const tick = h("input", { type: "checkbox", checked: todo.done_at !== null, "aria-label": `Done: ${name(todo)}` });
    tick.addEventListener("change", () => void settle());
    const element = h("li", { class: todo.done_at ? "todo done" : "todo" },
      tick,
      h("div", { class: "todo-words" },
        h("p", { class: "todo-text" }, name(todo)),
        todo.question && todo.text !== "" && h("p", { class: "todo-question" }, todo.question.text === null ? "The question was deleted." : `“${todo.question.text}”`),
        h("p", { class: "hint" },
          `${todo.email} · `, h("time", { datetime: todo.created_at, title: formatMoment(todo.created_at) }, formatAgo(todo.created_at)),
          todo.question?.text != null && [" · ", h("a", { href: `/projects/${project.id}/conversations/${todo.question.conversation}` }, "Conversation"),
            " · ", h("a", { href: `/projects/${project.id}/curated-answers/new?${new URLSearchParams({ question: todo.question.text, message: todo.question.message })}` }, "Write an answer")])),
      h("div", { class: "todo-acts" },
        h("button", { type: "button", class: "icon-button", "aria-label": `Change: ${name(todo)}`, on: { click: () => void edit() } }, icon("pencil")),
        h("button", { type: "button", class: "icon-button", "aria-label": `Delete: ${name(todo)}`, on: { click: () => void drop() } }, icon("trash"))));

    async function settle() {
      try {
        await patch(`${base}/${todo.id}`, { done: tick.checked });
        void askAgain(project.id);
        leave();
      } catch (error) {
        tick.checked = !tick.checked;
        toastProblem(error);
      }
    }
    async function edit() {
      const words = field({ label: "What is to be done?", multiline: true, maxlength: 5000 });
      words.input.value = todo.text;
      await formDialog({
        title: "Change the to-do",
        body: words.element,
        submit: "Save",
        run: async () => element.replaceWith(line(await patch(`${base}/${todo.id}`, { text: words.input.value }))),
        refused: (error) => { words.error(explain(error)); return true; },
      });
    }
    async function drop() {
      if (!(await confirmDialog({ title: "Delete this to-do?", text: name(todo), submit: "Delete", danger: true, run: () => remove(`${base}/${todo.id}`) }))) return;
      void askAgain(project.id);
      leave();
    }
    /** It belongs to the other list now, or to none. */
    function leave() {
      const next = element.nextElementSibling ?? element.previousElementSibling;
      element.remove();
      const tickOfNext = next?.querySelector("input");
      if (tickOfNext) tickOfNext.focus();
      else {
        void show();
        focusOnPage();
      }
    }
    return element;
  }

  outlet.append(
    heading("To-dos", {
      lead: "What your team means to do about what people ask.",
      actions: [segmented("Which", [["false", "To do"], ["true", "Done"]], String(done), (value) => {
        done = value === "true";
        amend(done ? `${base}?done=true` : base);
        void show();
      })],
    }),
    h("form", { class: "todo-form", on: { submit: (event) => { event.preventDefault(); void save(); } } }, text.element, add),
    slot,
  );
  void show();

  async function save() {
    if (text.input.value.trim() === "") return text.error("Write something first.");
    add.disabled = true;
    try {
      const made = /** @type {Todo} */ (await post(base, { text: text.input.value }));
      text.input.value = "";
      void askAgain(project.id);
      const list = slot.querySelector(".todos");
      if (list && !done) list.prepend(line(made));
      else void show();
    } catch (error) {
      text.error(explain(error));
    } finally {
      add.disabled = false;
    }
  }
}
