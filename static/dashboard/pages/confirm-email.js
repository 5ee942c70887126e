import { anonymous } from "../api.js";
import { h, replace } from "../dom.js";
import { authCard } from "../parts/auth.js";
import { deadLink, takeToken } from "../parts/mailed.js";
import { asProblem } from "../problem.js";
import { forgetSession } from "../session.js";

/** @param {import("../view.js").View} view */
export default function page({ outlet, signal, title }) {
  title("Confirm your new address");
  const token = takeToken(signal);
  const slot = h("div");
  outlet.append(slot);
  const dead = () => replace(slot, deadLink("Go to your account", "/account"));
  if (token === "") return dead();
  replace(slot, authCard({
    title: "Confirm your new address",
    lead: "The change takes effect once the link in both mails was followed: the one to the old address and the one to the new.",
    fields: [],
    submit: "Agree to the change",
    valid: () => true,
    async run() {
      /** @type {{ changed: boolean }} */
      const { changed } = await anonymous("POST", "/account/email/confirmed", { token });
      forgetSession();
      const done = changed ? "Your address has changed" : "One of two is done";
      title(done);
      replace(slot, h("div", { class: "message-page" },
        h("h1", { tabindex: "-1" }, done),
        h("p", { class: "lead" }, changed ? "Sign in with the new one from now on." : "Follow the link in the mail to the other address too."),
        h("p", null, h("a", { class: "button primary", href: "/account" }, "Go to your account"))));
      slot.querySelector("h1")?.focus();
    },
    refused(error) {
      if (asProblem(error).code !== "link_invalid") return false;
      dead();
      return true;
    },
    other: h("a", { href: "/account" }, "Not now"),
  }));
}
