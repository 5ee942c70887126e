/** Modal dialogs on the native element: it traps focus, closes on Escape and hands focus back. */
import { h, replace, uid } from "../dom.js";
import { icon } from "./icon.js";
import { problemNotice } from "./notice.js";

/**
 * @typedef {object} FormDialog
 * @property {string} title
 * @property {import("../dom.js").Child | import("../dom.js").Child[]} body
 * @property {string} submit
 * @property {boolean} [danger]
 * @property {boolean} [cancel] false for dialogs that only tell something
 * @property {boolean} [wide] for what needs room
 * @property {() => boolean} [held] true while closing would lose something: then neither Escape nor the backdrop closes, and there is no X
 * @property {() => void} [holding] shows what is to be done first, when somebody tries
 * @property {() => boolean} [ready] whether the submit button may be pressed; asked on every input
 * @property {(() => Promise<void>) | (() => void)} run keeps the dialog open when it throws
 * @property {(error: unknown) => boolean} [refused] true when the error was shown beside its field
 */

/**
 * Resolves true once `run` succeeded, false when the dialog was closed.
 * @param {FormDialog} options
 * @returns {Promise<boolean>}
 */
export function formDialog({ title, body, submit, danger = false, cancel = true, wide = false, held, holding, ready, run, refused }) {
  const titleId = uid("dialog");
  const opener = document.activeElement;
  return new Promise((resolve) => {
    let succeeded = false;
    const trouble = h("div", { class: "dialog-trouble" });
    const button = h("button", { type: "submit", class: danger ? "button danger" : "button primary" }, submit);
    const holds = () => !succeeded && held?.() === true;
    const close = () => (holds() ? holding?.() : dialog.close());
    const form = h("form", { class: "dialog-form", novalidate: true },
      h("header", { class: "dialog-head" },
        h("h2", { id: titleId }, title),
        !held && h("button", { type: "button", class: "icon-button", "aria-label": "Close", on: { click: close } }, icon("close"))),
      h("div", { class: "dialog-body" }, body, trouble),
      h("footer", { class: "dialog-foot" },
        cancel && h("button", { type: "button", class: "button", on: { click: close } }, "Cancel"), button));
    const dialog = h("dialog", { "aria-labelledby": titleId, class: wide && "wide" }, form);
    const refresh = () => (button.disabled = ready ? !ready() : false);
    form.addEventListener("input", refresh);
    form.addEventListener("change", refresh);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (button.disabled) return;
      button.disabled = true;
      button.classList.add("busy");
      trouble.replaceChildren();
      try {
        await run();
        succeeded = true;
        close();
      } catch (error) {
        if (!refused?.(error)) replace(trouble, problemNotice(error));
      } finally {
        button.classList.remove("busy");
        refresh();
      }
    });
    // At the key already: browsers let a second Escape through whatever is said to the first one's `cancel`.
    dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !holds()) return;
      event.preventDefault();
      holding?.();
    });
    dialog.addEventListener("cancel", (event) => {
      if (event.target !== dialog || !holds()) return;
      event.preventDefault();
      holding?.();
    });
    dialog.addEventListener("close", () => {
      // A phone's Back gesture may close it unasked.
      if (holds()) {
        dialog.showModal();
        holding?.();
        return;
      }
      dialog.remove();
      // The browser gave the focus back already, where it could; this event comes later, when quick fingers may be elsewhere.
      if (document.activeElement === document.body && opener instanceof HTMLElement && opener.isConnected) opener.focus();
      resolve(succeeded);
    });
    // A press on the backdrop closes, unless it began inside (selecting text, say).
    dialog.addEventListener("pointerdown", (event) => {
      if (event.target === dialog) close();
    });
    // The press would take the focus from where it was just led.
    dialog.addEventListener("mousedown", (event) => {
      if (event.target === dialog && holds()) event.preventDefault();
    });
    document.body.append(dialog);
    refresh();
    dialog.showModal();
    const first = form.querySelector(".dialog-body input, .dialog-body textarea");
    if (first instanceof HTMLElement) first.focus();
  });
}

/**
 * @param {{ title: string, text: string, submit: string, danger?: boolean, run?: () => Promise<void> }} options
 */
export const confirmDialog = ({ title, text, submit, danger = false, run = async () => {} }) =>
  formDialog({ title, body: h("p", null, text), submit, danger, run });
