/** Small panels that hang from a button. The popover attribute gives light dismissal, Escape and the top layer. */
import { h, uid } from "../dom.js";
import { icon } from "./icon.js";

/**
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} panel
 */
export function hang(button, panel) {
  panel.popover = "auto";
  panel.id ||= uid("popover");
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", panel.id);
  button.popoverTargetElement = panel;
  let closed = new AbortController();
  panel.addEventListener("toggle", (event) => {
    const open = event.newState === "open";
    button.setAttribute("aria-expanded", String(open));
    closed.abort();
    if (!open) return;
    place(button, panel);
    // Scrolling under an open panel would leave it behind. The event comes a frame late: one for a movement from before the opening (giving the focus back moves the page) closes nothing.
    closed = new AbortController();
    const [left, top] = [scrollX, scrollY];
    const scrolled = () => Math.abs(scrollX - left) + Math.abs(scrollY - top) > 1 && panel.hidePopover();
    addEventListener("scroll", scrolled, { passive: true, signal: closed.signal });
  });
}

/** @param {HTMLElement} button @param {HTMLElement} panel */
function place(button, panel) {
  const anchor = button.getBoundingClientRect();
  const size = panel.getBoundingClientRect();
  const below = anchor.bottom + 4 + size.height <= innerHeight;
  panel.style.top = `${below ? anchor.bottom + 4 : Math.max(8, anchor.top - 4 - size.height)}px`;
  panel.style.left = `${Math.min(innerWidth - size.width - 8, Math.max(8, anchor.right - size.width))}px`;
}

/** @typedef {{ label: string, icon: import("./icon.js").IconName, danger?: boolean, run?: () => void, href?: string, download?: string }} Action */

/**
 * A "more" button with a menu of actions.
 * @param {string} label
 * @param {() => Action[]} actions read each time the menu opens
 */
export function actionMenu(label, actions) {
  const button = h("button", { type: "button", class: "icon-button", "aria-label": label, "aria-haspopup": "menu" }, icon("more"));
  const menu = h("div", { class: "menu", role: "menu", "aria-label": label });
  hang(button, menu);
  const items = () => /** @type {HTMLElement[]} */ ([...menu.querySelectorAll("[role=menuitem]")]);
  menu.addEventListener("beforetoggle", (event) => {
    if (event.newState !== "open") return;
    menu.replaceChildren(...actions().map((action) => menuItem(action, () => menu.hidePopover())));
    // Showing a popover focuses this one at once; the toggle event would come too late for quick fingers.
    items()[0]?.setAttribute("autofocus", "");
  });
  menu.addEventListener("keydown", (event) => {
    const all = items();
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all[(to + all.length) % all.length]?.focus();
    } else if (event.key === "Tab") {
      menu.hidePopover();
    }
  });
  return h("div", { class: "menu-anchor" }, button, menu);
}

/** @param {Action} action @param {() => void} close */
function menuItem(action, close) {
  const attributes = { class: action.danger ? "menu-item danger" : "menu-item", role: "menuitem", tabindex: "-1" };
  if (action.href) {
    return h("a", { ...attributes, href: action.href, download: action.download, on: { click: close } }, icon(action.icon), action.label);
  }
  const run = () => {
    close();
    action.run?.();
  };
  return h("button", { ...attributes, type: "button", on: { click: run } }, icon(action.icon), action.label);
}
