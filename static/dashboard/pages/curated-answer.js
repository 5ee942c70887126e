import { get, patch, post, remove } from "../api.js";
import { history } from "../curated/history.js";
import { take } from "../curated/draft.js";
import { lines } from "../curated/lines.js";
import { h, replace, uid } from "../dom.js";
import { count, formatMoment } from "../format.js";
import { answer } from "../parts/answer.js";
import { questionTurn } from "../parts/chat.js";
import { confirmDialog } from "../parts/dialog.js";
import { field } from "../parts/field.js";
import { heading } from "../parts/heading.js";
import { load } from "../parts/load.js";
import { problemNotice } from "../parts/notice.js";
import { skeleton } from "../parts/skeleton.js";
import { toast } from "../parts/toast.js";
import { guardUnsaved } from "../parts/unsaved.js";
import { asProblem, explain } from "../problem.js";
import { navigate } from "../router.js";

/** @typedef {import("../types.js").Curated} Curated */
/** @typedef {import("../types.js").CuratedPage} CuratedPage */
/** @typedef {import("../types.js").CuratedContent} CuratedContent */

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, params, query, signal, title }) {
  const list = `/projects/${project.id}/curated-answers`;
  const back = { href: list, label: "Curated answers" };
  const id = params.curated;
  if (id === undefined) {
    title(`Write an answer · ${project.name}`);
    const question = (query.get("question") ?? "").slice(0, 300);
    outlet.append(
      heading("Write an answer", { back, lead: "It is given word for word, to every question like yours." }),
      editor(null, { questions: [question], text: take(query.get("question") ?? ""), links: [] }));
    return;
  }
  title(`Curated answer · ${project.name}`);
  outlet.append(heading("Curated answer", { back }), skeleton("form"));
  void show();

  function show() {
    return load(outlet, {
      signal,
      failed: (notice) => [heading("Curated answer", { back }), notice],
      fetch: () => /** @type {Promise<CuratedPage>} */ (get(`${list}/${id}`, signal)),
      render: (known) => {
        title(`${known.questions[0]} · ${project.name}`);
        return [
          heading(known.questions[0] ?? "", { back, lead: facts(known) }),
          editor(known, known),
          history(known, restore),
        ];
      },
    });
  }

  /** @param {number} revision */
  async function restore(revision) {
    const done = await confirmDialog({
      title: `Restore revision ${revision}?`,
      text: "It becomes the next revision, and is given from now on. What the answer says now stays in the history.",
      submit: "Restore",
      run: () => post(`${list}/${id}/revisions/${revision}/restore`, undefined),
    });
    if (!done) return;
    toast(`Revision ${revision} restored`);
    await show();
  }

  /** @param {CuratedPage | null} known @param {CuratedContent} content */
  function editor(known, content) {
    const questions = lines({
      legend: "Questions", hint: "How people ask for it. The first one names the answer; more wordings find more questions.",
      columns: [{ label: "Question", placeholder: "How do I …?", maxlength: 300 }],
      values: content.questions.map((question) => [question]), add: "Add a wording", what: "question", least: 1, most: 20, changed,
    });
    const text = field({ label: "Answer", multiline: true, rows: 9, maxlength: 4000, value: content.text, hint: "**strong**, *emphasis*, `code`, [label](https://…), lists with “- ” or “1. ”, and [1] for the first link below." });
    const links = lines({
      legend: "Links", hint: "Pages to read on, shown below the answer as its sources.",
      columns: [{ label: "Name of link", placeholder: "Name", maxlength: 120 }, { label: "Address of link", placeholder: "https://", type: "url", maxlength: 2000 }],
      values: content.links.map(({ title, url }) => [title, url]), add: "Add a link", what: "link", least: 0, most: 10, changed,
    });
    const given = h("input", { type: "checkbox", checked: known?.enabled ?? true, on: { change: changed } });
    const save = h("button", { type: "submit", class: "button primary" }, known ? "Save changes" : "Save answer");
    const trouble = h("div");
    const preview = h("ol", { class: "turns", "aria-label": "Preview" });
    const previewId = uid("preview");
    const form = h("form", { class: "card panel stack", novalidate: true },
      questions.element, text.element, links.element,
      h("label", { class: "check" }, given, h("span", null, "Give this answer", h("span", { class: "hint" }, "While it is off, questions are answered from the documents."))),
      trouble,
      h("div", { class: "button-row" }, save,
        known && h("button", { type: "button", class: "button danger-quiet", on: { click: () => void erase(known) } }, "Delete")));
    const draft = () => ({
      questions: questions.values().flat(),
      text: text.input.value,
      links: links.values().map(([title = "", url = ""]) => ({ title, url })),
      enabled: given.checked,
    });
    const first = JSON.stringify(draft());
    let saved = false;
    guardUnsaved("Your changes to this answer", () => !saved && JSON.stringify(draft()) !== first && draft().text.trim() + draft().questions.join("") !== "", signal);

    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    let drawn = "";
    signal.addEventListener("abort", () => clearTimeout(timer));
    text.input.addEventListener("input", changed);
    void draw();

    function changed() {
      clearTimeout(timer);
      timer = setTimeout(() => void draw(), 250);
    }

    /** As a visitor will see it: the server says what it makes of the words. */
    async function draw() {
      const now = draft();
      const key = JSON.stringify(now);
      if (key === drawn) return;
      drawn = key;
      try {
        const { text: cleaned } = /** @type {{ text: string }} */ (await post(`${list}/preview`, { text: now.text, links: now.links.length }));
        if (drawn !== key || signal.aborted) return;
        const citations = now.links.map(({ title, url }, at) => ({ n: at + 1, document: null, title: title || url, section: [], excerpt: "", link: url }));
        replace(preview,
          questionTurn(now.questions[0] || "…"),
          h("li", { class: "turn turn-assistant" }, cleaned === "" ? h("p", { class: "hint" }, "The answer appears here as you write it.") : answer(project.id, { id: null, text: cleaned, outcome: "answered", citations, written_by: "curated" })));
      } catch {
        // The next change draws it.
        drawn = "";
      }
    }

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      replace(trouble);
      save.disabled = true;
      try {
        const body = draft();
        const stored = /** @type {Curated} */ (known ? await patch(`${list}/${known.id}`, { ...body, revision: known.revision }) : await post(list, body));
        saved = true;
        toast(known ? "Answer saved" : "Answer written");
        if (known) await show();
        else navigate(`${list}/${stored.id}`, { replace: true });
      } catch (error) {
        refused(error);
      } finally {
        save.disabled = false;
      }
    });

    /** @param {unknown} error */
    function refused(error) {
      const problem = asProblem(error);
      if (problem.field === "questions") questions.error(explain(error));
      else if (problem.field === "text") text.error(explain(error));
      else if (problem.field === "links") links.error(explain(error));
      else replace(trouble, problemNotice(error));
    }

    /** @param {CuratedPage} answer */
    async function erase(answer) {
      const done = await confirmDialog({
        title: "Delete this answer?",
        text: `Questions like “${answer.questions[0]}” are answered from the documents again. The answer and its history are deleted, and nobody can bring them back.`,
        submit: "Delete answer",
        danger: true,
        run: () => remove(`${list}/${answer.id}`),
      });
      if (!done) return;
      saved = true;
      toast("Answer deleted");
      navigate(list);
    }

    return h("div", { class: "curated-editor" },
      form,
      h("section", { class: "card panel curated-preview", "aria-labelledby": previewId }, h("h2", { id: previewId }, "Preview"), preview));
  }
}

/** @param {CuratedPage} known */
const facts = (known) =>
  [known.enabled ? "On" : "Off", known.used === 0 ? "not given yet" : `given ${count(known.used, "time")}, last ${known.used_at ? formatMoment(known.used_at) : ""}`, `revision ${known.revision}`].join(" · ");
