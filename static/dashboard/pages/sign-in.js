import { authCard } from "../parts/auth.js";
import { h, replace } from "../dom.js";
import { field, passwordField } from "../parts/field.js";
import { icon } from "../parts/icon.js";
import { nameWorkspace } from "../parts/name-workspace.js";
import { canFillInPasskeys, canUsePasskeys, wasCancelled } from "../parts/passkey.js";
import { providerButtons } from "../parts/providers.js";
import { secondStep } from "../parts/second-step.js";
import { toast, toastProblem } from "../parts/toast.js";
import { asProblem } from "../problem.js";
import { navigate, safePath } from "../router.js";
import { finishSignIn, signIn, signInWithPasskey } from "../session.js";

/** @typedef {import("../types.js").Challenge} Challenge */

/** @param {import("../view.js").View} view */
export default function page({ outlet, query, signal, title }) {
  title("Sign in");
  const next = query.get("next");
  const email = field({ label: "Email", type: "email", name: "email", autocomplete: "username webauthn", required: true, inputmode: "email" });
  const password = passwordField({ label: "Password", name: "password", autocomplete: "current-password", required: true });
  const search = next ? `?next=${encodeURIComponent(next)}` : "";
  const card = h("div");
  outlet.append(card);
  const waiting = new AbortController();
  const enter = () => navigate(safePath(next), { replace: true });
  const confirm = (/** @type {Challenge} */ challenge, /** @type {string} */ address, /** @type {{ workspace?: string }} */ opening = {}) => {
    // A browser answers one question about passkeys at a time.
    waiting.abort();
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
    replace(card, nameWorkspace({ title, create, other: h("span", null, "Signed in as ", h("strong", null, address), ".") }));
    card.querySelector("input")?.focus();
  };
  const passkey = canUsePasskeys() ? passkeyButton(enter, () => waiting.abort()) : null;
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
    after: [passkey],
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
  signal.addEventListener("abort", () => waiting.abort(), { once: true });
  void offer(waiting.signal, enter, email, passkey);
}

/** How often the browser is asked to offer passkeys. */
const OFFERS = 5;

/** Lets the browser offer a passkey where the email is filled in. Whoever chooses one there is signed in. @param {AbortSignal} waiting @param {() => void} enter @param {import("../parts/field.js").Field} email @param {HTMLButtonElement | null} button which asks for the same */
async function offer(waiting, enter, email, button) {
  if (!button || !(await canFillInPasskeys())) return;
  for (let tries = 0; tries < OFFERS && !waiting.aborted; tries += 1) {
    let sent = false;
    try {
      await signInWithPasskey(waiting, () => (sent = button.disabled = true));
      return enter();
    } catch (error) {
      if (sent) button.disabled = false;
      if (error instanceof DOMException && ["TimeoutError", "AbortError"].includes(error.name)) {
        // Over by itself: asked anew, as long as somebody looks at the page. Where browsers end it at once, that is no reason to ask without end.
        await new Promise((soon) => setTimeout(soon, 1000));
        continue;
      }
      // Nobody asked for it aloud: only what was chosen and did not work is worth a word.
      if (asProblem(error).code === "wrong_second_factor") email.error("This passkey is not known here. Sign in with your password.");
      return;
    }
  }
}

/** @param {() => void} enter @param {() => void} begins one question at a time */
function passkeyButton(enter, begins) {
  const button = h("button", { type: "button", class: "button wide" }, icon("key"), "Sign in with a passkey");
  button.addEventListener("click", async () => {
    button.disabled = true;
    begins();
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
