/** Skeleton, then content, or what went wrong with a way to try again. */
import { replace } from "../dom.js";
import { isAbort, Problem } from "../problem.js";
import { problemNotice } from "./notice.js";

/**
 * `failed` puts the notice below what should stay, such as the heading when the slot is the whole page.
 * @template T
 * @param {HTMLElement} slot
 * @param {{ signal: AbortSignal, skeleton?: () => Node, fetch: () => Promise<T>, render: (value: T) => Node | Node[], failed?: (notice: Node) => Node[] }} how
 * @returns {Promise<void>}
 */
export async function load(slot, how) {
  slot.setAttribute("aria-busy", "true");
  if (how.skeleton) replace(slot, how.skeleton());
  try {
    const value = await how.fetch();
    if (!how.signal.aborted) swap(slot, how.render(value));
  } catch (error) {
    if (isAbort(error) || how.signal.aborted) return;
    if (!(error instanceof Problem)) console.error(error);
    const notice = problemNotice(error, () => void load(slot, how));
    swap(slot, how.failed ? how.failed(notice) : notice);
  } finally {
    slot.removeAttribute("aria-busy");
  }
}

/** A heading that had the focus hands it to the heading that takes its place. @param {HTMLElement} slot @param {Node | Node[]} content */
function swap(slot, content) {
  const held = document.activeElement?.matches("h1") === true && slot.contains(document.activeElement);
  replace(slot, content);
  const heading = held ? slot.querySelector("h1") : null;
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}
