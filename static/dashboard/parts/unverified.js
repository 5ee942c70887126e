/** A reminder that an address is not proved yet. */
import { post } from "../api.js";
import { h } from "../dom.js";
import { notice } from "./notice.js";
import { toast, toastProblem } from "./toast.js";

/** Has another link sent. @param {HTMLButtonElement} button */
export async function sendLink(button) {
  button.disabled = true;
  try {
    await post("/account/verification", {});
    toast("The mail is on its way");
  } catch (error) {
    toastProblem(error);
  } finally {
    button.disabled = false;
  }
}

/** @param {import("../types.js").Session} session */
export function unverifiedNotice({ user }) {
  const again = h("button", { type: "button", class: "button small", on: { click: () => void sendLink(again) } }, "Send it again");
  return h("div", { class: "unverified" },
    notice("info", [h("p", null, "Please confirm your address: follow the link that was mailed to ", h("strong", { class: "person" }, user.email), ". A server without mail keeps it for whoever runs it."), again]));
}
