/** Changing the password, or setting a first one. */
import { h } from "../dom.js";
import { formDialog } from "../parts/dialog.js";
import { passwordField } from "../parts/field.js";
import { newPassword } from "../parts/new-password.js";
import { toast } from "../parts/toast.js";
import { asProblem, explain } from "../problem.js";
import { navigate } from "../router.js";
import { changePassword, setFirstPassword } from "../session.js";

/** @param {import("../view.js").SignedInView} view */
export const password = ({ session }) => {
  const has = session.user.has_password;
  return h("section", { class: "card panel", "aria-labelledby": "password" },
    h("header", { class: "panel-head" },
      h("h2", { id: "password" }, "Password"),
      h("button", { type: "button", class: "button", on: { click: () => void (has ? change(session) : choose(session)) } }, has ? "Change password" : "Set a password")),
    has
      ? h("p", { class: "hint" }, "A change signs you out everywhere else. Do not remember the current one? ", h("a", { href: "/forgot-password" }, "Have a link mailed"), ".")
      : h("p", { class: "hint" }, "Your account has none: you sign in another way. With a password you can do so even if that way fails. Setting one signs you out everywhere else."));
};

/** For password managers, which keep a password with a name. @param {import("../types.js").Session} session */
const owner = (session) => h("input", { type: "email", autocomplete: "username", value: session.user.email, hidden: true, readonly: true });

/** @param {import("../types.js").Session} session */
async function choose(session) {
  const next = newPassword(() => [session.user.email, session.workspace.name], { label: "New password" });
  const chosen = await formDialog({
    title: "Set a password",
    body: [owner(session), next.field.element, next.meter],
    submit: "Set password",
    ready: () => next.field.input.value !== "",
    run: () => setFirstPassword(next.field.input.value),
    refused(error) {
      if (asProblem(error).code !== "weak_password") return false;
      next.field.error(explain(error));
      next.field.input.focus();
      return true;
    },
  });
  if (!chosen) return;
  toast("Password set");
  navigate("/account", { replace: true });
}

/** @param {import("../types.js").Session} session */
async function change(session) {
  const current = passwordField({ label: "Current password", name: "current", autocomplete: "current-password" });
  const next = newPassword(() => [session.user.email, session.workspace.name], { label: "New password" });
  const changed = await formDialog({
    title: "Change your password",
    body: [owner(session), current.element, next.field.element, next.meter],
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
