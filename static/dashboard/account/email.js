/** The address that somebody signs in with. */
import { post } from "../api.js";
import { h } from "../dom.js";
import { formDialog } from "../parts/dialog.js";
import { field } from "../parts/field.js";
import { toast } from "../parts/toast.js";
import { sendLink } from "../parts/unverified.js";
import { asProblem } from "../problem.js";

/** @param {import("../view.js").SignedInView} view */
export function email({ session }) {
  const { email: address, verified } = session.user;
  const again = h("button", { type: "button", class: "button small", on: { click: () => void sendLink(again) } }, "Send the link again");
  return h("section", { class: "card panel", "aria-labelledby": "email" },
    h("header", { class: "panel-head" },
      h("h2", { id: "email" }, "Email address"),
      h("button", { type: "button", class: "button", on: { click: () => void change() } }, "Change address")),
    h("p", { class: "session-name" }, h("span", { class: "person" }, address), h("span", { class: `badge badge-${verified ? "good" : "info"}` }, verified ? "Confirmed" : "Not confirmed")),
    !verified && h("p", { class: "hint" }, "Follow the link that was mailed to you; a server without mail keeps it for whoever runs it. You can reset your password by mail before that too, but it then removes your passkeys and unlinks the providers that you sign in with."),
    !verified && h("p", { class: "email-again" }, again));
}

async function change() {
  const next = field({ label: "New address", type: "email", autocomplete: "email", inputmode: "email" });
  const asked = await formDialog({
    title: "Change your address",
    body: [h("p", null, "We mail a link to the address that you have and one to the new address. Once both were followed, the address changes."), next.element],
    submit: "Send the links",
    ready: () => next.input.value.includes("@"),
    run: () => post("/account/email", { email: next.input.value.trim() }),
    refused(error) {
      if (asProblem(error).code !== "invalid_email") return false;
      next.error(asProblem(error).message);
      return true;
    },
  });
  if (asked) toast("Both links are on their way");
}
