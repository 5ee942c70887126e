/** Chooses some of very many: a search, what it found, and what was chosen so far. */
import { h, replace, uid } from "../dom.js";
import { count } from "../format.js";
import { icon } from "../parts/icon.js";
import { moreButton } from "../parts/more-button.js";
import { explain, isAbort } from "../problem.js";

/** @typedef {import("../types.js").SourceChoice} SourceChoice */
/** @typedef {import("../types.js").SourceChoices} SourceChoices */
/** @typedef {{ id: string, name: string }} Chosen */

/** Nobody types this fast on purpose. */
const TYPING_MS = 250;

/**
 * @param {object} how
 * @param {string} how.label
 * @param {string} [how.hint]
 * @param {[one: string, many: string]} how.noun
 * @param {Chosen[]} how.chosen what was chosen before
 * @param {(words: string, signal: AbortSignal, from?: { after?: string }) => Promise<SourceChoices>} how.search
 * @param {(chosen: Chosen) => Node} [how.aside] what else there is to say about each that was chosen
 * @param {AbortSignal} how.signal
 */
export function picker({ label, hint, noun, chosen: before, search, aside, signal }) {
  const chosen = new Map(before.map((one) => [one.id, one]));
  /** @type {Map<string, HTMLInputElement>} what was found, by id */
  let boxes = new Map();
  /** @type {Map<string, HTMLElement>} */
  const lines = new Map();
  let asking = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    asking.abort();
  });

  const words = h("input", { type: "search", class: "input", placeholder: "Search by name", "aria-label": `Search ${noun[1]}`, autocomplete: "off", spellcheck: "false" });
  const found = h("ul", { class: "picker-found", "aria-label": `${noun[1]} to choose from` });
  const said = h("p", { class: "hint", role: "status" });
  /** Where the list goes on. @type {string | null} */
  let ahead = null;
  const more = moreButton({
    signal, next: /** @type {string | null} */ (ahead), small: true,
    async fetch(after) {
      const { signal: current } = asking;
      try {
        const { choices, next } = await lookOn(words.value.trim(), current, after);
        ahead = next;
        return { items: choices, next };
      } catch (failure) {
        // Something else is looked for by now.
        if (isAbort(failure) || current.aborted) return { items: [], next: null };
        throw failure;
      }
    },
    add(choices) {
      const options = choices.map(option);
      found.append(...options);
      if (options.length > 0) tell(found.childElementCount, ahead);
      return options[0];
    },
  });
  const list = h("ul", { class: "picker-chosen", "aria-label": "Chosen" });
  const wrongId = uid("picker-error");
  const wrong = h("p", { class: "field-error", id: wrongId, hidden: true });
  const element = h("fieldset", { class: "picker", "aria-describedby": wrongId },
    h("legend", null, label),
    hint && h("p", { class: "hint" }, hint),
    list,
    h("div", { class: "search" }, icon("search"), words),
    found, said, more.element, wrong);
  words.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), TYPING_MS);
  });
  words.addEventListener("keydown", (event) => {
    // It searches; it does not send the form around it.
    if (event.key !== "Enter") return;
    event.preventDefault();
    clearTimeout(timer);
    void look();
  });

  /** @param {Chosen} one */
  function line(one) {
    const drop = h("button", { type: "button", class: "icon-button", "aria-label": `Take ${one.name} off` }, icon("close"));
    const item = h("li", null, h("span", { class: "picker-name" }, one.name), aside?.(one), drop);
    drop.addEventListener("click", () => {
      const next = item.nextElementSibling ?? item.previousElementSibling;
      set(one, false);
      // As when it is unchecked in the list.
      element.dispatchEvent(new Event("input", { bubbles: true }));
      const heir = next?.querySelector(".icon-button") ?? words;
      if (heir instanceof HTMLElement) heir.focus();
    });
    return item;
  }

  /** @param {Chosen} one @param {boolean} on */
  function set(one, on) {
    const box = boxes.get(one.id);
    if (box) box.checked = on;
    if (on === lines.has(one.id)) return;
    if (on) {
      const made = line(one);
      chosen.set(one.id, one);
      lines.set(one.id, made);
      list.append(made);
    } else {
      chosen.delete(one.id);
      lines.get(one.id)?.remove();
      lines.delete(one.id);
    }
    list.hidden = lines.size === 0;
    error(null);
  }

  /** @param {SourceChoice} choice */
  function option(choice) {
    const box = h("input", { type: "checkbox", checked: chosen.has(choice.id), on: { change: () => set({ id: choice.id, name: choice.name }, box.checked) } });
    boxes.set(choice.id, box);
    const known = lines.get(choice.id);
    const before = chosen.get(choice.id);
    // What was chosen by its id alone is called by its name as soon as that is known.
    if (known && before && before.name !== choice.name) {
      before.name = choice.name;
      const made = line(before);
      known.replaceWith(made);
      lines.set(choice.id, made);
    }
    return h("li", null, h("label", { class: "check" }, box, h("span", null, choice.name), choice.kind === "database" && h("span", { class: "hint" }, "database")));
  }

  /** Providers that cannot search are looked through: some of that may find nothing. @param {string} word @param {AbortSignal} current @param {string} [from] */
  async function lookOn(word, current, from) {
    let page = await search(word, current, { after: from });
    while (page.choices.length === 0 && page.next !== null && !current.aborted) page = await search(word, current, { after: page.next });
    return page;
  }

  /** @param {number} total @param {string | null} next */
  function tell(total, next) {
    said.textContent = total > 0
      ? `${count(total, ...noun)} ${next === null ? "found" : "so far. There are more: load them, or search by name"}.`
      : words.value.trim() === "" ? `There is no ${noun[0]} to choose.` : `No ${noun[0]} of this name.`;
  }

  async function look() {
    asking.abort();
    asking = new AbortController();
    const { signal: current } = asking;
    found.setAttribute("aria-busy", "true");
    try {
      const { choices, next } = await lookOn(words.value.trim(), current);
      if (current.aborted) return;
      boxes = new Map();
      replace(found, choices.map(option));
      more.set(next);
      tell(choices.length, next);
    } catch (failure) {
      if (isAbort(failure) || current.aborted) return;
      boxes = new Map();
      replace(found);
      more.set(null);
      replace(said, explain(failure), " ", h("button", { type: "button", class: "button small", on: { click: () => void look() } }, "Try again"));
    } finally {
      if (!current.aborted) found.removeAttribute("aria-busy");
    }
  }

  /** @param {string | null} message */
  function error(message) {
    wrong.hidden = message === null;
    replace(wrong, message !== null && icon("alert"), message);
    if (message !== null) words.focus();
  }

  for (const one of chosen.values()) {
    const made = line(one);
    lines.set(one.id, made);
    list.append(made);
  }
  list.hidden = lines.size === 0;
  said.textContent = "Loading";
  void look();
  return { element, chosen: () => [...chosen.values()], error };
}
