/** The second step of signing in: a code, a passkey or a backup code. */
import { h, replace } from "../dom.js";
import { asProblem } from "../problem.js";
import { finishSignIn } from "../session.js";
import { authCard } from "./auth.js";
import { field } from "./field.js";
import { problemNotice } from "./notice.js";
import { askPasskey, canUsePasskeys, wasCancelled } from "./passkey.js";

/** @typedef {import("../types.js").Challenge} Challenge */
/** @typedef {import("../types.js").FactorMethod} Method */

/** @type {Record<Method, string>} */
const OTHERWISE = { totp: "Use your authenticator app", passkey: "Use a passkey", backup_code: "Use a backup code" };

/**
 * @param {object} how
 * @param {Challenge} how.challenge
 * @param {{ invitation?: string, workspace?: string }} [how.opening]
 * @param {(title: string) => void} how.title
 * @param {() => void} how.done
 * @param {() => void} how.again begins the sign-in anew
 * @param {(error: unknown, factor: Record<string, unknown>) => boolean} [how.refused]
 */
export function secondStep({ challenge, opening = {}, title, done, again, refused }) {
  title("Confirm sign-in");
  const methods = challenge.methods.filter((method) => method !== "passkey" || canUsePasskeys());
  const card = h("div");
  /** @type {Record<string, unknown>} */
  let sent = {};

  const send = async (/** @type {Record<string, unknown>} */ factor) => {
    sent = factor;
    await finishSignIn(challenge, factor, opening);
    done();
  };
  /** @param {unknown} error @param {(message: string) => void} wrong */
  const explain = (error, wrong) => {
    const { code } = asProblem(error);
    if (code === "wrong_second_factor") {
      wrong("backup_code" in sent
        ? "That did not work. Each backup code can be used once."
        : "That did not work. A code can be used once, and a new one appears every 30 seconds.");
    }
    else if (code === "sign_in_expired") replace(card, expired());
    else return refused?.(error, sent) ?? false;
    return true;
  };

  const expired = () => authCard({
    title: "Please sign in again",
    lead: "This took too long, or too many codes were wrong.",
    fields: [],
    submit: "Back to sign-in",
    valid: () => true,
    run: async () => again(),
    other: h("span"),
  });

  const others = (/** @type {Method} */ shown) => h("div", { class: "second-step-others" },
    methods.filter((method) => method !== shown).map((method) =>
      h("button", { type: "button", class: "button quiet small", on: { click: () => show(method) } }, OTHERWISE[method])));

  /** @param {"totp" | "backup_code"} method */
  const byCode = (method) => {
    const app = method === "totp";
    const code = field({
      label: app ? "Code" : "Backup code",
      name: "code",
      class: app ? "input code-input" : "input code-input code-long",
      autocomplete: app ? "one-time-code" : "off",
      inputmode: app ? "numeric" : "text",
      autocapitalize: "none",
      spellcheck: "false",
      maxlength: app ? 7 : 40,
      required: true,
    });
    const built = authCard({
      title: app ? "Enter your code" : "Enter a backup code",
      lead: app ? "Open your authenticator app and type the six digits it shows for Pernoex." : "One of the codes that you saved when you set this up. Each works once.",
      fields: [code],
      submit: "Confirm",
      valid() {
        const typed = code.input.value.trim() !== "";
        if (!typed) code.error(app ? "Type the six digits." : "Type a backup code.");
        return typed;
      },
      run: () => send(app ? { code: code.input.value } : { backup_code: code.input.value }),
      refused: (error) => explain(error, (message) => {
        code.error(message);
        code.input.select();
      }),
      other: others(method),
    });
    // The last digit sends it: nobody has to look for the button.
    if (app) code.input.addEventListener("input", () => {
      if (/^\d{6}$/.test(code.input.value.replace(/\s/g, ""))) built.querySelector("form")?.requestSubmit();
    });
    return built;
  };

  const byPasskey = () => {
    const trouble = h("div");
    return authCard({
      title: "Use your passkey",
      lead: "Your browser asks for your fingerprint, face, PIN or security key.",
      fields: [],
      extra: [trouble],
      submit: "Use passkey",
      valid: () => true,
      async run() {
        trouble.replaceChildren();
        await send({ passkey: await askPasskey(challenge.passkey ?? {}) });
      },
      refused(error) {
        if (wasCancelled(error)) {
          replace(trouble, h("p", { class: "hint", role: "status" }, "No passkey was used. Try again, or use another way below."));
          return true;
        }
        return explain(error, () => replace(trouble, problemNotice(error)));
      },
      other: others("passkey"),
    });
  };

  /** @param {Method} method */
  const show = (method) => {
    replace(card, method === "passkey" ? byPasskey() : byCode(method));
    const first = card.querySelector("input") ?? card.querySelector("button");
    first?.focus();
  };
  const [first] = methods;
  if (first) show(first);
  else replace(card, expired());
  return card;
}
