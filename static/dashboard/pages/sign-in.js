import { authCard } from "../parts/auth.js";
import { h, replace } from "../dom.js";
import { field, passwordField } from "../parts/field.js";
import { icon } from "../parts/icon.js";
import { canUsePasskeys, wasCancelled } from "../parts/passkey.js";
import { providerButtons } from "../parts/providers.js";
import { secondStep } from "../parts/second-step.js";
import { toast, toastProblem } from "../parts/toast.js";
import { asProblem, explain } from "../problem.js";
import { navigate, safePath } from "../router.js";
import { finishSignIn, signIn, signInWithPasskey } from "../session.js";

/** @typedef {import("../types.js").Challenge} Challenge */

/** @param {import("../view.js").View} view */
export default function page({ outlet, query, title }) {
  title("Sign in");
  const next = query.get("next");
  const email = field({ label: "Email", type: "email", name: "email", autocomplete: "username", required: true, inputmode: "email" });
  const password = passwordField({ label: "Password", name: "password", autocomplete: "current-password", required: true });
  const search = next ? `?next=${encodeURIComponent(next)}` : "";
  const card = h("div");
  outlet.append(card);
  const enter = () => navigate(safePath(next), { replace: true });
  const confirm = (/** @type {Challenge} */ challenge, /** @type {string} */ address, /** @type {{ workspace?: string }} */ opening = {}) => {
    const step = secondStep({
      challenge,
      opening,
      title,
      done: enter,
      again: () => navigate(`/sign-in${search}`, { replace: true }),
      refused(error, factor) {
        if (asProblem(error).code !== "no_workspace") return false;
        found(address, async (workspace) => {
          await finishSignIn(challenge, factor, { workspace });
          navigate("/projects", { replace: true });
        });
        return true;
      },
    });
    replace(card, step);
    (step.querySelector("input") ?? step.querySelector("button"))?.focus();
  };
  const found = (/** @type {string} */ address, /** @type {(name: string) => Promise<void>} */ create) => {
    replace(card, withoutWorkspace(address, create, title));
    card.querySelector("input")?.focus();
  };
  replace(card, authCard({
    title: "Sign in",
    lead: next ? "Sign in to go on to the page you asked for." : "Welcome back.",
    fields: [email, password],
    extra: [h("p", { class: "hint" }, h("a", { href: "/forgot-password" }, "Forgot your password?"))],
    submit: "Sign in",
    valid() {
      if (!email.input.value.includes("@")) email.error("Enter your email address.");
      if (password.input.value === "") password.error("Enter your password.");
      return email.input.value.includes("@") && password.input.value !== "";
    },
    after: [canUsePasskeys() ? passkeyButton(enter) : null],
    async run() {
      const address = email.input.value.trim();
      const challenge = await signIn(address, password.input.value);
      if (challenge) confirm(challenge, address);
      else enter();
    },
    refused(error) {
      if (asProblem(error).code !== "no_workspace") return false;
      const address = email.input.value.trim();
      found(address, async (workspace) => {
        const challenge = await signIn(address, password.input.value, { workspace });
        if (challenge) confirm(challenge, address, { workspace });
        else navigate("/projects", { replace: true });
      });
      return true;
    },
    other: h("span", null, "New here? ", h("a", { href: `/sign-up${search}` }, "Create account")),
  }));
  card.querySelector(".auth-card")?.append(providerButtons({ next }));
}

/** @param {() => void} enter */
function passkeyButton(enter) {
  const button = h("button", { type: "button", class: "button wide" }, icon("key"), "Sign in with a passkey");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await signInWithPasskey();
      enter();
    } catch (error) {
      if (wasCancelled(error)) toast("No passkey was used.", "failed");
      else if (asProblem(error).code === "wrong_second_factor") toast("This passkey is not known here. Sign in with your password.", "failed");
      else toastProblem(error);
    } finally {
      button.disabled = false;
    }
  });
  return button;
}

/** For someone who proved who they are and belongs nowhere: they left, were removed, or the workspace was deleted. @param {string} email @param {(name: string) => Promise<void>} create @param {(title: string) => void} title */
function withoutWorkspace(email, create, title) {
  title("Create a workspace");
  const name = field({ label: "Workspace name", hint: "Usually your company or team.", name: "organization", autocomplete: "organization", maxlength: 80, required: true });
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
    run: () => create(name.input.value.trim()),
    refused(error) {
      if (asProblem(error).code !== "invalid_name") return false;
      name.error(explain(error));
      return true;
    },
    other: h("span", null, "Signed in as ", h("strong", null, email), "."),
  });
}
