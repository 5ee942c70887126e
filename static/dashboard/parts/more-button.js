/** The button below a list that is read on page after page. */
import { h } from "../dom.js";
import { toastProblem } from "./toast.js";

/**
 * @template Item
 * @template {string | number} Cursor
 * @param {object} how
 * @param {AbortSignal} how.signal
 * @param {Cursor | null} how.next where the list goes on; null at its end
 * @param {(next: Cursor) => Promise<{ items: Item[], next: Cursor | null }>} how.fetch
 * @param {(items: Item[]) => HTMLElement | undefined} how.add appends them, and answers the first new line
 * @param {boolean} [how.small]
 */
export function moreButton({ signal, next, fetch, add, small = false }) {
  let from = next;
  const button = h("button", { type: "button", class: small ? "button small" : "button" }, "Load more");
  const element = h("p", { class: "load-more" }, button);
  /** @param {Cursor | null} to */
  const set = (to) => {
    from = to;
    button.hidden = to === null;
  };
  set(next);
  button.addEventListener("click", async () => {
    if (from === null) return;
    button.disabled = true;
    try {
      const further = await fetch(from);
      if (signal.aborted) return;
      const first = add(further.items);
      set(further.next);
      goOnWith(first);
    } catch (error) {
      if (!signal.aborted) toastProblem(error);
    } finally {
      button.disabled = false;
    }
  });
  return { element, set };
}

/** The button may be gone now: reading goes on with the first new line. @param {HTMLElement | undefined} line */
function goOnWith(line) {
  const target = line?.querySelector("a") ?? line;
  if (!target) return;
  if (target === line) target.tabIndex = -1;
  target.focus({ preventScroll: true });
}
