/** An answer as a visitor sees it: words with numbered marks, the sources below, and two thumbs. */
import { h, icon, newId, unseen } from "./nodes.js";
import { prose, webAddress } from "./prose.js";
import { say, translated } from "./texts.js";

/** @typedef {import("./types.js").Answer} Answer */
/** @typedef {import("./types.js").Citation} Citation */
/** @typedef {(message: string, helpful: boolean | null) => Promise<void>} Rate */

/** @param {Answer} answer @param {Rate} rate @param {(() => void) | null} person asks for one, where that can be */
export function answered({ message, outcome, text, citations, closest, helpful, written_by }, rate, person) {
  const sure = outcome === "answered";
  const list = sources(sure ? citations : closest, sure);
  const words = h("div", { class: "text" }, unseen(`${say("reply")} `), ...prose(sure ? text : translated(text, closest.length > 0), (n) => list.mark(n)));
  // Only the words are announced; sources and buttons are there to be found.
  const extra = h("div", { "aria-live": "off" });
  if (list.shown) extra.append(h("h3", {}, say(sure ? "sources" : "closest")), list.shown);
  if (written_by === "curated") extra.append(h("div", { class: "note" }, say("team")));
  if (!sure && person) extra.append(h("button", { type: "button", class: "chip ask-person", click: person }, icon("person"), say("person")));
  extra.append(rating(message, helpful ?? null, rate));
  return h("div", {}, sure ? words : h("div", { class: "unsure" }, words), extra);
}

/**
 * The list under an answer, and the numbered buttons in its text that open an entry of it.
 * @param {Citation[]} citations @param {boolean} numbered
 */
function sources(citations, numbered) {
  /** @type {Map<number, { label: string, panel: string, buttons: HTMLElement[], toggle: (event: Event) => void }>} */
  const known = new Map();
  const shown = h("ul", { class: "sources" });
  for (const { n, title, section, excerpt, link } of citations) {
    const id = newId("source");
    const href = webAddress(link);
    const more = h("div", { class: "more", id, hidden: true });
    if (excerpt !== "") more.append(h("p", { dir: "auto" }, excerpt));
    if (href) more.append(h("a", { href, target: "_blank", rel: "noopener noreferrer" }, say("visit"), icon("out"), unseen(` ${say("tab")}`)));
    /** @type {HTMLElement[]} */
    const buttons = [];
    const toggle = (/** @type {Event} */ event) => {
      more.hidden = !more.hidden;
      for (const button of buttons) button.setAttribute("aria-expanded", String(!more.hidden));
      if (!more.hidden && event.currentTarget !== head) entry.scrollIntoView({ block: "nearest" });
    };
    const trail = section.filter((part) => part !== "" && part !== title).map((part) => ` › ${part}`).join("");
    const head = h("button", { type: "button", class: "source", "aria-expanded": "false", "aria-controls": id, click: toggle },
      ...(numbered ? [h("span", { class: "num" }, String(n))] : []), h("span", { class: "name", dir: "auto" }, h("b", {}, title), h("span", { class: "trail" }, trail)), icon("down"));
    const entry = h("li", {}, head, more);
    buttons.push(head);
    shown.append(entry);
    known.set(n, { label: say("source", { n, title: title + trail }), panel: id, buttons, toggle });
  }
  /** @param {number} n */
  const mark = (n) => {
    const source = numbered && known.get(n);
    if (!source) return null;
    const button = h("button", { type: "button", class: "cite", "aria-label": source.label, "aria-expanded": "false", "aria-controls": source.panel, click: source.toggle }, h("span", { class: "num" }, String(n)));
    source.buttons.push(button);
    return button;
  };
  return { shown: citations.length > 0 ? shown : null, mark };
}

/** @param {string} message @param {boolean | null} helpful @param {Rate} save */
function rating(message, helpful, save) {
  const said = h("span", { role: "status" }, say("judge"));
  const up = h("button", { type: "button", class: "icon", "aria-label": say("yes"), click: () => rate(true) }, icon("thumb"));
  const down = h("button", { type: "button", class: "icon down", "aria-label": say("no"), click: () => rate(false) }, icon("thumb"));
  const show = () => {
    up.setAttribute("aria-pressed", String(helpful === true));
    down.setAttribute("aria-pressed", String(helpful === false));
  };
  /** @param {boolean} choice */
  const rate = async (choice) => {
    const before = helpful;
    const now = (helpful = helpful === choice ? null : choice);
    show();
    try {
      await save(message, now);
      said.textContent = say(now === null ? "judge" : "thanks");
    } catch {
      if (helpful === now) helpful = before;
      said.textContent = say("unsaved");
      show();
    }
  };
  show();
  return h("div", { class: "rate" }, said, up, down);
}
