/** A list that is narrowed by filters, which stand in the address, and read on page after page. */
import { h } from "../dom.js";
import { amend } from "../router.js";
import { load } from "./load.js";
import { moreButton } from "./more-button.js";
import { skeleton } from "./skeleton.js";

/**
 * @template Item
 * @template {string} Name
 * @param {object} how
 * @param {HTMLElement} how.slot
 * @param {AbortSignal} how.signal
 * @param {string} how.base the page's own address
 * @param {Record<Name, string>} how.filter what is chosen, by name; empty for everything
 * @param {(search: URLSearchParams) => Promise<{ items: Item[], next: string | number | null }>} how.fetch
 * @param {(lines: HTMLElement[]) => HTMLElement} how.list
 * @param {(item: Item) => HTMLElement} how.line
 * @param {() => Node} how.empty what to show when there is nothing at all
 * @param {string} how.nothing what to say when nothing matches
 * @param {(item: Item) => string} [how.key] for lists whose lines change while they are looked at
 * @param {() => boolean} [how.narrowed] whether something besides the filters narrows it
 */
export function filteredList({ slot, signal, base, filter, fetch, list, line, empty, nothing, key = () => "", narrowed = () => false }) {
  let asked = 0;
  /** @type {HTMLElement | null} */
  let shown = null;
  /** @type {Map<string, HTMLElement>} */
  const known = new Map();
  const drawn = (/** @type {Item} */ item) => {
    const element = line(item);
    known.set(key(item), element);
    return element;
  };
  const chosen = () => new URLSearchParams(/** @type {[string, string][]} */ (Object.entries(filter)).filter(([, value]) => value !== ""));

  const page = (/** @type {string | number | null} */ before) => {
    const search = chosen();
    search.set("limit", "50");
    if (before !== null) search.set("before", String(before));
    return fetch(search);
  };

  const show = () => {
    asked += 1;
    const turn = asked;
    return load(slot, {
      signal,
      skeleton: () => skeleton("rows"),
      fetch: () => page(null),
      // A slower answer to an earlier filter must not overwrite the present one.
      render: (first) => (turn === asked ? content(first) : [...slot.childNodes]),
    });
  };

  /** @param {Name} name */
  const choose = (name) => (/** @type {string} */ value) => {
    filter[name] = value;
    const search = chosen().toString();
    amend(search === "" ? base : `${base}?${search}`);
    void show();
  };

  /** @param {{ items: Item[], next: string | number | null }} first */
  const content = (first) => {
    known.clear();
    shown = null;
    if (first.items.length === 0 && first.next === null) return chosen().size > 0 || narrowed() ? h("p", { class: "nothing card" }, nothing) : empty();
    const lines = list(first.items.map(drawn));
    shown = lines;
    const more = moreButton({
      signal,
      next: first.next,
      fetch: page,
      add(items) {
        const added = items.map(drawn);
        lines.append(...added);
        return added[0];
      },
    });
    return [lines, more.element];
  };

  /** Draws a line anew where it is; one that is not there comes first, if it `belongs`. @param {Item} item @param {boolean} belongs */
  const put = (item, belongs) => {
    const there = known.get(key(item));
    if (there) {
      const held = there.contains(document.activeElement);
      const anew = drawn(item);
      there.replaceWith(anew);
      if (held) anew.querySelector("a")?.focus({ preventScroll: true });
    } else if (belongs && shown) {
      shown.prepend(drawn(item));
    } else if (belongs) {
      void show();
    }
  };

  return { show, choose, put };
}
