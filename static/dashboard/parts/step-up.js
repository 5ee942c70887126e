/** Asks who is there once more, for what a session alone is not enough for. */
import { anonymous, get, post } from "../api.js";
import { h, replace } from "../dom.js";
import { asProblem } from "../problem.js";
import { session, setSession } from "../session.js";
import { formDialog } from "./dialog.js";
import { field, passwordField } from "./field.js";
import { providerButtons } from "./providers.js";
import { askPasskey, canUsePasskeys, wasCancelled } from "./passkey.js";

/** @typedef {import("../types.js").Challenge} Challenge */
/** @typedef {"password" | import("../types.js").FactorMethod} Way */

/** @type {Record<Way, string>} */
const OTHERWISE = { password: "Use your password", totp: "Use your authenticator app", passkey: "Use a passkey", backup_code: "Use a backup code" };

/** What is missing: a proof of either factor, or of this one. @typedef {import("../problem.js").Problem["proof"]} Wanted */

/** @type {Record<Wanted, string>} */
const WHY = {
  any: "This is worth a second look. After that we do not ask again for ten minutes.",
  first_factor: "This changes how your account opens. After that we do not ask for it again for ten minutes.",
  second_factor: "This changes how your account opens, so we ask for your second factor too. After that we do not ask for it again for ten minutes.",
};

/** Whether a way proves what is missing. @param {Way} way @param {Wanted} wanted */
const proves = (way, wanted) => wanted === "any" || way === "passkey" || (way === "password") === (wanted === "first_factor");

/** What can be used besides the password, if anything. @param {import("../types.js").Session | null} who @param {Wanted} wanted @returns {Promise<Challenge | null>} */
async function challenge(who, wanted) {
  try {
    // Another tab may have set one up.
    if (!who?.second_factor.enabled && wanted !== "second_factor") return null;
    return await post("/session/proof/options", {});
  } catch {
    // The password is enough to go on with; where it is not, codes need no ticket.
    return wanted === "second_factor" ? { ticket: "", methods: ["totp", "backup_code"], expires_in: 0 } : null;
  }
}

/** By which providers they can sign in, by name. @returns {Promise<string[]>} */
async function linkedProviders() {
  try {
    const { identities } = /** @type {{ identities: { provider: { name: string } }[] }} */ (await get("/account/identities"));
    return identities.map(({ provider }) => provider.name);
  } catch {
    return [];
  }
}

/** @param {Wanted} [wanted] @returns {Promise<boolean>} whether they proved it */
export async function stepUp(wanted = "any") {
  const who = await session().catch(() => null);
  // A provider is no second factor.
  const [asked, linked] = await Promise.all([challenge(who, wanted), wanted === "second_factor" ? /** @type {string[]} */ ([]) : linkedProviders()]);
  const all = /** @type {Way[]} */ ([...(who?.user.has_password === false ? [] : ["password"]), ...(asked?.methods ?? [])]);
  const ways = all.filter((way) => proves(way, wanted) && (way !== "passkey" || canUsePasskeys()));
  const slot = h("div", { class: "stack" });
  /** @type {Way | undefined} */
  let way = ways[0];
  /** @type {import("./field.js").Field | null} */
  let typed = null;

  const show = (/** @type {Way} */ next) => {
    way = next;
    typed = next === "passkey" ? null : next === "password"
      ? passwordField({ label: "Password", autocomplete: "current-password" })
      : field({
          label: next === "totp" ? "Code" : "Backup code",
          class: next === "totp" ? "input code-input" : "input code-input code-long",
          autocomplete: next === "totp" ? "one-time-code" : "off",
          inputmode: next === "totp" ? "numeric" : "text",
          maxlength: next === "totp" ? 7 : 40,
          spellcheck: "false",
          autocapitalize: "none",
        });
    replace(slot,
      typed ? typed.element : h("p", null, "Confirm, and your browser asks for your fingerprint, face, PIN or security key."),
      ways.length > 1 && h("div", { class: "second-step-others" }, ways.filter((other) => other !== next).map((other) =>
        h("button", { type: "button", class: "button quiet small", on: { click: () => show(other) } }, OTHERWISE[other]))));
    // The button that confirms depends on it.
    slot.dispatchEvent(new Event("input", { bubbles: true }));
    typed?.input.focus();
  };

  const proof = async () => {
    switch (way) {
      case "password": return { password: typed?.input.value };
      case "totp": return { code: typed?.input.value };
      case "backup_code": return { backup_code: typed?.input.value };
      case "passkey": return { ticket: asked?.ticket, passkey: await askPasskey(asked?.passkey ?? {}) };
      case undefined: return {};
    }
  };

  if (way) show(way);
  else replace(slot, h("p", null, "Sign in once more the way that you usually do. If that is not possible, ", h("a", { href: "/forgot-password" }, "have a link to a password mailed"), "."));
  return formDialog({
    title: "Confirm that it is you",
    body: [h("p", null, WHY[wanted]), slot,
      // A new sign-in proves it too, and is all that an account without a password has.
      providerButtons({ next: location.pathname + location.search, fresh: true }, ({ name }) => linked.includes(name))],
    submit: "Confirm",
    ready: () => way !== undefined && (typed === null || typed.input.value !== ""),
    run: async () => setSession(await anonymous("POST", "/session/proof", await proof())),
    refused(error) {
      if (wasCancelled(error)) return true;
      const { code } = asProblem(error);
      if (!typed || (code !== "wrong_credentials" && code !== "wrong_second_factor")) return false;
      typed.error(code === "wrong_credentials" ? "That is not your password." : "That did not work. Each code can be used once.");
      typed.input.select();
      return true;
    },
  });
}
