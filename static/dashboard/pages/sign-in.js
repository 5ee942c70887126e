import { authCard } from "../parts/auth.js";
import { h, replace } from "../dom.js";
import { field, passwordField } from "../parts/field.js";
import { asProblem, explain } from "../problem.js";
import { navigate, safePath } from "../router.js";
import { signIn } from "../session.js";

/** @param {import("../view.js").View} view */
export default function page({ outlet, query, title }) {
  title("Sign in");
  const next = query.get("next");
  const email = field({ label: "Email", type: "email", name: "email", autocomplete: "username", required: true, inputmode: "email" });
  const password = passwordField({ label: "Password", name: "password", autocomplete: "current-password", required: true });
  const search = next ? `?next=${encodeURIComponent(next)}` : "";
  const card = h("div");
  outlet.append(card);
  replace(card, authCard({
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
    refused(error) {
      if (asProblem(error).code !== "no_workspace") return false;
      replace(card, withoutWorkspace(email.input.value.trim(), password.input.value, title));
      card.querySelector("input")?.focus();
      return true;
    },
    other: h("span", null, "New here? ", h("a", { href: `/sign-up${search}` }, "Create account")),
  }));
}

/** For someone who proved who they are and belongs nowhere: they left, were removed, or the workspace was deleted. @param {string} email @param {string} password @param {(title: string) => void} title */
function withoutWorkspace(email, password, title) {
  title("Create a workspace");
  const name = field({ label: "Workspace name", hint: "Usually your company or team.", name: "organization", autocomplete: "organization", maxlength: 100, required: true });
  return authCard({
    title: "You belong to no workspace",
    lead: "Your account is fine, but you left your last workspace, were removed from it, or it was deleted. Create a new one, or open the link of an invitation.",
    fields: [name],
    submit: "Create workspace",
    valid() {
      const named = name.input.value.trim() !== "";
      if (!named) name.error("Give your workspace a name.");
      return named;
    },
    async run() {
      await signIn(email, password, { workspace: name.input.value.trim() });
      navigate("/projects", { replace: true });
    },
    refused(error) {
      if (asProblem(error).code !== "invalid_name") return false;
      name.error(explain(error));
      return true;
    },
    other: h("span", null, "Signed in as ", h("strong", null, email), "."),
  });
}
