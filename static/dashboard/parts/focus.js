/** Where the focus goes when what had it is gone. */

/** Scrolls to it too, as the browser would. @param {HTMLElement | null | undefined} target what cannot take the focus by itself is made to */
export function focusOn(target) {
  if (!target) return;
  if (target.tabIndex < 0) target.tabIndex = -1;
  target.focus();
}

/** On the element with this id, or else on the page's heading. @param {string} [id] */
export const focusOnPage = (id) => focusOn((id === undefined ? null : document.getElementById(id)) ?? document.querySelector("h1"));
