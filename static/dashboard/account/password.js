/** Changing the password. */
import { h } from "../dom.js";
import { formDialog } from "../parts/dialog.js";
import { passwordField } from "../parts/field.js";
import { newPassword } from "../parts/new-password.js";
import { toast } from "../parts/toast.js";
import { asProblem, explain } from "../problem.js";
import { navigate } from "../router.js";
import { changePassword } from "../session.js";

/** @param {import("../view.js").SignedInView} view */
export const password = ({ session }) =>
  h("section", { class: "card panel", "aria-labelledby": "password" },
    h("header", { class: "panel-head" },
      h("h2", { id: "password" }, "Password"),
      h("button", { type: "button", class: "button", on: { click: () => void change(session) } }, "Change password")),
    h("p", { class: "hint" }, "A change signs you out everywhere else. Do not remember the current one? ", h("a", { href: "/forgot-password" }, "Have a link mailed"), "."));

/** @param {import("../types.js").Session} session */
async function change(session) {
  const current = passwordField({ label: "Current password", name: "current", autocomplete: "current-password" });
  const next = newPassword(() => [session.user.email, session.workspace.name], { label: "New password" });
  const changed = await formDialog({
    title: "Change your password",
    // For password managers, which keep a password with a name.
    body: [h("input", { type: "email", autocomplete: "username", value: session.user.email, hidden: true, readonly: true }), current.element, next.field.element, next.meter],
    submit: "Change password",
    ready: () => current.input.value !== "" && next.field.input.value !== "",
    run: () => changePassword(current.input.value, next.field.input.value),
    refused(error) {
      const { code } = asProblem(error);
      const wrong = code === "wrong_credentials" ? current : code === "weak_password" ? next.field : null;
      if (!wrong) return false;
      wrong.error(wrong === current ? "That is not your password." : explain(error));
      wrong.input.focus();
      return true;
    },
  });
  if (!changed) return;
  toast("Password changed");
  navigate("/account", { replace: true });
}
