/** Going to a provider to agree, and coming back to where somebody was. */
import { post } from "../api.js";
import { h } from "../dom.js";
import { icon } from "../parts/icon.js";
import { toastProblem } from "../parts/toast.js";
import { KINDS } from "./words.js";

/** @typedef {import("../types.js").SourceKind} SourceKind */

const NEXT = "pernoex-connect";

/** @param {SourceKind} kind @param {string} next the page to go on with: in this tab alone, so that nothing of it is in an address */
export async function leaveToConnect(kind, next) {
  const { url } = /** @type {{ url: string }} */ (await post(`/integrations/${kind}/connect`, undefined));
  sessionStorage.setItem(NEXT, next);
  location.assign(url);
}

/** Where somebody was before they left, once. */
export function takeNext() {
  const next = sessionStorage.getItem(NEXT);
  sessionStorage.removeItem(NEXT);
  return next;
}

/** @param {SourceKind} kind @param {string} label @param {{ next: string, primary?: boolean, small?: boolean }} options */
export function connectButton(kind, label, { next, primary = false, small = false }) {
  const button = h("button", { type: "button", class: `button${primary ? " primary" : ""}${small ? " small" : ""}` }, icon(KINDS[kind].picture), label);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await leaveToConnect(kind, next);
    } catch (error) {
      toastProblem(error);
      button.disabled = false;
    }
  });
  // Coming back by the Back button shows the page as it was left.
  addEventListener("pageshow", () => { button.disabled = false; });
  return button;
}
