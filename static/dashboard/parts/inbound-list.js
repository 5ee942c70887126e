/** What a provider sent, what became of it, and trying again what failed. */
import { post } from "../api.js";
import { h } from "../dom.js";
import { formatAgo, formatMoment } from "../format.js";
import { icon } from "./icon.js";
import { toast, toastProblem } from "./toast.js";

/** @typedef {{ id: string, state: string, kind?: string, reason: string | null, received_at: string, can_retry: boolean }} Inbound kind in a word, where there are several */

/** @type {Record<string, [tone: string, label: string, picture: import("./icon.js").IconName]>} */
const STATES = {
  waiting: ["info", "Waiting", "clock"],
  done: ["good", "Done", "check"],
  ignored: ["neutral", "Ignored", "info"],
  failed: ["danger", "Failed", "alert"],
};

/**
 * @param {Inbound[]} list the latest first
 * @param {string} path below which each has its own
 * @param {() => void} changed when one is tried again
 */
export const inboundList = (list, path, changed) =>
  h("ul", { class: "inbound" }, list.map(({ id, state, kind, reason, received_at, can_retry }) => {
    const [tone, label, picture] = STATES[state] ?? ["neutral", state, "info"];
    return h("li", null,
      h("span", { class: `badge badge-${tone}` }, icon(picture), label),
      h("span", { class: "inbound-what" }, kind, kind && reason && " · ", reason && h("span", { class: "hint" }, reason)),
      can_retry && retry(`${path}/${id}/retry`, received_at, changed),
      h("time", { class: "hint", datetime: received_at, title: formatMoment(received_at) }, formatAgo(received_at)));
  }));

/** @param {string} path @param {string} at @param {() => void} changed */
function retry(path, at, changed) {
  const button = h("button", { type: "button", class: "button small", "aria-label": `Try again what came ${formatMoment(at)}` }, icon("replace"), "Try again");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await post(path, undefined);
      toast("Trying again");
      // Most are seen to by then, and the list shows how.
      setTimeout(changed, 1500);
    } catch (error) {
      button.disabled = false;
      toastProblem(error);
    }
  });
  return button;
}
