import { anonymous } from "../api.js";
import { h, replace } from "../dom.js";
import { authCard } from "../parts/auth.js";
import { deadLink, takeToken } from "../parts/mailed.js";
import { newPassword } from "../parts/new-password.js";
import { asProblem, explain } from "../problem.js";
import { setSession } from "../session.js";

/** @param {import("../view.js").View} view */
export default function page({ outlet, signal, title }) {
  title("Choose a new password");
  const token = takeToken(signal);
  const slot = h("div");
  outlet.append(slot);
  if (token === "") return replace(slot, deadLink("Ask for a new link", "/forgot-password"));
  const chosen = newPassword(() => [], { label: "New password" });
  replace(slot, authCard({
    title: "Choose a new password",
    lead: "Once it is set, you are signed out everywhere and sign in with it.",
    fields: [chosen.field],
    extra: [chosen.meter],
    submit: "Set password",
    valid: chosen.valid,
    async run() {
      await anonymous("POST", "/account/password/reset", { token, password: chosen.field.input.value });
      setSession(null);
      title("Password set");
      replace(slot, h("div", { class: "message-page" },
        h("h1", { tabindex: "-1" }, "Your new password is set"),
        h("p", { class: "lead" }, "You were signed out everywhere. Sign in with it now."),
        h("p", null, h("a", { class: "button primary", href: "/sign-in" }, "Sign in"))));
      slot.querySelector("h1")?.focus();
    },
    refused(error) {
      const { code } = asProblem(error);
      if (code === "link_invalid") {
        replace(slot, deadLink("Ask for a new link", "/forgot-password"));
        return true;
      }
      if (code !== "weak_password") return false;
      chosen.field.error(explain(error));
      chosen.field.input.focus();
      return true;
    },
    other: h("a", { href: "/sign-in" }, "Back to sign-in"),
  }));
}
