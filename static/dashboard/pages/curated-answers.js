import { get } from "../api.js";
import { h } from "../dom.js";
import { count, formatAgo, formatMoment } from "../format.js";
import { empty } from "../parts/empty.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { words } from "../parts/prose.js";
import { skeleton } from "../parts/skeleton.js";

/** @typedef {import("../types.js").Curated} Curated */

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, signal, title }) {
  title(`Curated answers · ${project.name}`);
  const base = `/projects/${project.id}/curated-answers`;
  const slot = h("div", { class: "stack" });
  outlet.append(
    heading("Curated answers", {
      lead: "Answers that your team wrote, given word for word to questions like theirs.",
      actions: [h("a", { class: "button primary", href: `${base}/new` }, icon("plus"), "Write an answer")],
    }),
    slot);
  void load(slot, {
    signal,
    skeleton: () => skeleton("rows"),
    fetch: () => /** @type {Promise<{ answers: Curated[] }>} */ (get(base, signal)),
    render: ({ answers }) => (answers.length === 0
      ? h("div", { class: "card" }, empty("pencil", "No curated answers yet", "Write the answer to a question that matters to you, or correct one that was not good enough: from a conversation, or on the Ask page.", h("a", { class: "button", href: `${base}/new` }, "Write an answer")))
      : found(base, answers)),
  });
}

/** @param {string} base @param {Curated[]} answers */
function found(base, answers) {
  const rows = answers.map((answer) => ({ element: row(base, answer), text: [...answer.questions, answer.text].join(" ").toLowerCase() }));
  const nothing = h("p", { class: "nothing", hidden: true }, "No answer matches.");
  const total = h("p", { class: "hint usage", role: "status" }, count(rows.length, "answer"));
  const search = h("input", { type: "search", class: "input", placeholder: "Search answers", "aria-label": "Search curated answers" });
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    let shown = 0;
    for (const { element, text } of rows) {
      element.hidden = !text.includes(wanted);
      shown += element.hidden ? 0 : 1;
    }
    nothing.hidden = shown > 0;
    total.textContent = wanted === "" ? count(rows.length, "answer") : `${shown} of ${count(rows.length, "answer")}`;
  });
  return [
    h("div", { class: "filters" }, h("div", { class: "search" }, icon("search"), search), total),
    h("div", { class: "card" }, h("ul", { class: "curated-list" }, rows.map(({ element }) => element)), nothing),
  ];
}

/** @param {string} base @param {Curated} answer */
function row(base, answer) {
  const others = answer.questions.length - 1;
  return h("li", { class: "curated-row" },
    h("div", { class: "curated-words" },
      h("a", { class: "cover", href: `${base}/${answer.id}` }, answer.questions[0]),
      h("p", { class: "curated-text" }, words(answer.text)),
      h("p", { class: "hint" },
        [others > 0 && count(others, "more wording"), answer.used === 0 ? "Not given yet" : `Given ${count(answer.used, "time")}`].filter(Boolean).join(" · "), " · changed ",
        h("time", { datetime: answer.updated_at, title: formatMoment(answer.updated_at) }, formatAgo(answer.updated_at)))),
    answer.enabled ? h("span", { class: "badge badge-good" }, icon("check"), "On") : h("span", { class: "badge badge-neutral" }, icon("stop"), "Off"));
}
