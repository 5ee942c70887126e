import { authCard } from "../parts/auth.js";
import { h } from "../dom.js";
import { field, passwordField } from "../parts/field.js";
import { navigate, safePath } from "../router.js";
import { signIn } from "../session.js";

/** @param {import("../view.js").View} view */
export default function page({ outlet, query, title }) {
  title("Sign in");
  const next = query.get("next");
  const email = field({ label: "Email", type: "email", name: "email", autocomplete: "username", required: true, inputmode: "email" });
  const password = passwordField({ label: "Password", name: "password", autocomplete: "current-password", required: true });
  const search = next ? `?next=${encodeURIComponent(next)}` : "";
  outlet.append(authCard({
    title: "Sign in",
    lead: next ? "Sign in to go on to the page you asked for." : "Welcome back.",
    fields: [email, password],
    submit: "Sign in",
    valid() {
      if (!email.input.value.includes("@")) email.error("Enter your email address.");
      if (password.input.value === "") password.error("Enter your password.");
      return email.input.value.includes("@") && password.input.value !== "";
    },
    async run() {
      await signIn(email.input.value.trim(), password.input.value);
      navigate(safePath(next), { replace: true });
    },
    other: h("span", null, "New here? ", h("a", { href: `/sign-up${search}` }, "Create account")),
  }));
}
