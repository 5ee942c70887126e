/** An answer with its sources: marks in the text and a list below open the same excerpts. */
import { post } from "../api.js";
import { begin } from "../curated/draft.js";
import { h, uid, webAddress } from "../dom.js";
import { icon } from "./icon.js";
import { prose } from "./prose.js";
import { toastProblem } from "./toast.js";

/** @typedef {import("../types.js").Citation} Citation */

/** @type {Partial<Record<import("../types.js").Writer, string>>} */
const WRITERS = {
  model: "Written by the language model from these sources",
  extract: "Quoted from your documents",
  curated: "Written by your team",
};

/** Leads to an answer of the team's own for `question`, which begins as `text`. @param {string} project @param {string} question @param {string} text @param {string} label */
const writeLink = (project, question, text, label) =>
  h("a", { href: `/projects/${project}/curated-answers/new?question=${encodeURIComponent(question)}`, on: { click: () => begin({ question, text }) } }, label);

/** Where a citation lives in the dashboard. The fragment never reaches the server's logs. @param {string} project @param {Citation} citation */
export function citationHref(project, citation) {
  const page = `/projects/${project}/documents/${citation.document}`;
  const place = new URLSearchParams();
  // When the document was read anew since, its sections have other ids: then the words lead there.
  if (citation.section_id) place.set("section", citation.section_id);
  for (const part of citation.section) place.append("heading", part);
  place.set("quote", citation.excerpt.slice(0, 120));
  return `${page}#${place}`;
}

/**
 * @param {string} project
 * @param {{ id: string | null, text: string, outcome?: import("../types.js").Outcome, citations?: Citation[], closest?: Citation[], written_by?: import("../types.js").Writer, curated?: string | null, helpful?: boolean | null }} turn
 * @param {string} [question] that it answers
 */
export function answer(project, turn, question) {
  const unanswered = turn.outcome === "unanswered";
  // Nothing was looked for: the documents are not to blame.
  const limited = turn.written_by === "limit";
  const citations = turn.citations ?? [];
  const cards = new Map(citations.map((citation) => [citation.n, sourceCard(project, citation)]));
  const marks = (/** @type {number} */ n) => {
    const card = cards.get(n);
    if (!card) return null;
    const mark = h("button", { type: "button", class: "cite", "aria-label": `Source ${n}: ${card.citation.title}`, "aria-expanded": "false", "aria-controls": card.excerptId }, n);
    mark.addEventListener("click", () => card.toggle());
    card.openers.push(mark);
    return mark;
  };
  const closest = (turn.closest ?? []).map((citation, at) => sourceCard(project, { ...citation, n: at + 1 }));
  return h("div", { class: unanswered ? "answer unanswered" : "answer" },
    unanswered && h("p", { class: "badge badge-warning" }, icon("alert"), limited ? "Not answered: the plan’s answers are used up" : "No answer in your documents"),
    prose(turn.text, marks, { answer: true }),
    cards.size > 0 && sources("Sources", [...cards.values()]),
    closest.length > 0 && sources("Closest pages", closest),
    limited && h("p", { class: "hint" }, "The answers of the month are used up, so the visitor was asked to come back later. An owner can choose a larger plan."),
    unanswered && !limited && h("p", { class: "hint" }, "If you know the answer, ", question !== undefined && [writeLink(project, question, "", "write it"), ", or "], h("a", { href: `/projects/${project}/documents` }, "add a document"), " that says it."),
    h("div", { class: "answer-foot" }, turn.id !== null && feedback(project, turn.id, turn.helpful ?? null),
      !unanswered && h("p", { class: "hint answer-writer" },
        turn.written_by && WRITERS[turn.written_by],
        turn.curated ? h("a", { href: `/projects/${project}/curated-answers/${turn.curated}` }, "Edit this answer") : question !== undefined && writeLink(project, question, turn.text, "Correct this answer"))));
}

/** @param {string} label @param {SourceCard[]} cards */
function sources(label, cards) {
  const id = uid("sources");
  return h("section", { class: "sources", "aria-labelledby": id },
    h("p", { class: "sources-title", id }, label),
    h("ol", null, cards.map((card) => card.element)));
}

/** @typedef {{ element: HTMLElement, excerptId: string, citation: Citation, openers: HTMLElement[], toggle: () => void }} SourceCard */

/** @param {string} project @param {Citation} citation @returns {SourceCard} */
function sourceCard(project, citation) {
  const excerptId = uid("excerpt");
  const button = h("button", { type: "button", class: "source-button", "aria-expanded": "false", "aria-controls": excerptId },
    h("span", { class: "source-number" }, citation.n),
    h("span", { class: "source-words" },
      h("span", { class: "source-title" }, citation.title),
      citation.section.length > 0 && h("span", { class: "source-path" }, citation.section.join(" › "))),
    icon("chevron"));
  const link = citation.link === null ? null : webAddress(citation.link);
  const excerpt = h("div", { class: "excerpt", id: excerptId, hidden: true },
    citation.excerpt !== "" && h("blockquote", null, citation.excerpt),
    h("p", { class: "excerpt-links" },
      citation.document !== null && h("a", { href: citationHref(project, citation) }, "Open in document"),
      link !== null && h("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, "Public page", icon("external"), h("span", { class: "sr-only" }, "(opens in a new tab)"))));
  const element = h("li", { class: "source" }, button, excerpt);
  const openers = /** @type {HTMLElement[]} */ ([button]);
  const toggle = () => {
    excerpt.hidden = !excerpt.hidden;
    for (const opener of openers) opener.setAttribute("aria-expanded", String(!excerpt.hidden));
    if (!excerpt.hidden) element.scrollIntoView({ block: "nearest" });
  };
  button.addEventListener("click", toggle);
  return { element, excerptId, citation, openers, toggle };
}

/** @param {string} project @param {string} message @param {boolean | null} given */
function feedback(project, message, given) {
  let current = given;
  const choose = async (/** @type {boolean} */ value) => {
    const before = current;
    current = current === value ? null : value;
    draw();
    try {
      await post(`/projects/${project}/messages/${message}/feedback`, { helpful: current });
    } catch (error) {
      current = before;
      draw();
      toastProblem(error);
    }
  };
  const yes = h("button", { type: "button", class: "button quiet small", on: { click: () => void choose(true) } }, icon("up"), "Yes");
  const no = h("button", { type: "button", class: "button quiet small", on: { click: () => void choose(false) } }, icon("down"), "No");
  const draw = () => {
    yes.setAttribute("aria-pressed", String(current === true));
    no.setAttribute("aria-pressed", String(current === false));
  };
  draw();
  return h("div", { class: "feedback", role: "group", "aria-label": "Was this answer helpful?" },
    h("span", { class: "hint", "aria-hidden": "true" }, "Helpful?"), yes, no);
}
