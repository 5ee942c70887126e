import { anonymous } from "../api.js";
import { h, replace } from "../dom.js";
import { authCard } from "../parts/auth.js";
import { field } from "../parts/field.js";
import { mailed } from "../parts/mailed.js";
import { asProblem, explain } from "../problem.js";

/** @param {import("../view.js").View & { session: import("../types.js").Session | null }} view */
export default function page({ outlet, session, title }) {
  title("Forgot your password?");
  const email = field({ label: "Email", type: "email", name: "email", autocomplete: "username", required: true, inputmode: "email", value: session?.user.email });
  const slot = h("div");
  outlet.append(slot);
  replace(slot, authCard({
    title: "Forgot your password?",
    lead: "We mail you a link to choose a new one. A server without mail keeps it for whoever runs it: ask them.",
    fields: [email],
    submit: "Send the link",
    valid() {
      const complete = /^\S+@\S+\.\S+$/.test(email.input.value.trim());
      if (!complete) email.error("Enter a complete email address, such as name@example.com.");
      return complete;
    },
    async run() {
      const to = email.input.value.trim();
      await anonymous("POST", "/account/password/forgotten", { email: to });
      title("Check your mail");
      replace(slot, mailed("Check your mail", `If ${to} has an account, a link to choose a new password is on its way. It works once, for 30 minutes.`));
      slot.querySelector("h1")?.focus();
    },
    refused(error) {
      if (asProblem(error).code !== "invalid_email") return false;
      email.error(explain(error));
      return true;
    },
    other: h("a", { href: session ? "/account" : "/sign-in" }, session ? "Back to your account" : "Back to sign-in"),
  }));
}
