/** Short confirmations in the corner, read out politely. The region is in index.html, so it exists before anything is said. */
import { h } from "../dom.js";
import { explain } from "../problem.js";
import { icon } from "./icon.js";

/** @param {string} message @param {"done" | "failed"} [tone] */
export function toast(message, tone = "done") {
  const region = document.getElementById("toasts");
  if (!region) return;
  const close = () => item.remove();
  const item = h("div", { class: `toast toast-${tone}` },
    icon(tone === "done" ? "check" : "alert"),
    h("p", null, message),
    h("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", on: { click: close } }, icon("close")));
  region.append(item);
  if (region.childElementCount > 3) region.firstElementChild?.remove();
  let timer = setTimeout(close, tone === "done" ? 5000 : 10_000);
  item.addEventListener("pointerenter", () => clearTimeout(timer));
  item.addEventListener("pointerleave", () => (timer = setTimeout(close, 3000)));
}

/** @param {unknown} error */
export const toastProblem = (error) => toast(explain(error), "failed");
