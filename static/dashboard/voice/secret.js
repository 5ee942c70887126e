/** A secret, the one time that it is shown, and the place to enter one. */
import { post } from "../api.js";
import { h } from "../dom.js";
import { formatMoment } from "../format.js";
import { confirmDialog, formDialog } from "../parts/dialog.js";
import { passwordField } from "../parts/field.js";
import { showSecretOnce } from "../parts/secret.js";
import { asProblem, explain } from "../problem.js";
import { agentName, PROVIDERS } from "./words.js";

/** @typedef {import("../types.js").VoiceAgent} VoiceAgent */
/** @typedef {import("../types.js").VoiceConnected} VoiceConnected */

/** @param {VoiceConnected} made @param {string} secret */
export function showSecret(made, secret) {
  return showSecretOnce({
    title: "Copy the secret",
    lead: `${made.provider === "standard" ? "Your agent" : agentName(made.provider)} signs with it. A new one can be made at any time.`,
    secret,
    ...(made.previous_until && { note: `The secret before it is taken too until ${formatMoment(made.previous_until)}.` }),
  });
}

/** @param {string} path @param {VoiceAgent} agent @returns {Promise<boolean>} */
export function enterSecret(path, agent) {
  const words = PROVIDERS[agent.provider];
  const secret = passwordField({ label: "Secret", name: "secret", autocomplete: "off", hint: words.enter ?? "Leave the secret of the provider as it is, and enter it here.", maxlength: 512 });
  secret.element.querySelector(".reveal")?.setAttribute("aria-label", "Show secret");
  return formDialog({
    title: agent.has_secret ? `Replace the secret of ${words.name}` : `Enter the secret of ${words.name}`,
    body: [
      agent.has_secret && h("p", null, "Messages signed with the present one are taken for a day more."),
      secret.element,
    ],
    submit: agent.has_secret ? "Replace secret" : "Save secret",
    ready: () => secret.input.value.trim() !== "",
    run: async () => {
      await post(`${path}/${agent.id}/secret`, { secret: secret.input.value.trim() });
    },
    refused(error) {
      if (asProblem(error).field !== "secret") return false;
      secret.error(explain(error));
      secret.input.select();
      return true;
    },
  });
}

/** A new secret of ours. @param {string} path @param {VoiceAgent} agent @returns {Promise<boolean>} */
export async function rotateSecret(path, agent) {
  /** @type {VoiceConnected | null} */
  let rotated = null;
  const done = await confirmDialog({
    title: "Rotate the secret?",
    text: "A new secret is made. Messages signed with the present one are taken for a day more: enter the new one at the provider before then.",
    submit: "Rotate secret",
    run: async () => {
      rotated = await post(`${path}/${agent.id}/secret`, {});
    },
  });
  const made = /** @type {VoiceConnected | null} */ (rotated);
  if (done && made?.secret) await showSecret(made, made.secret);
  return done;
}
