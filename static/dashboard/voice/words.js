/** Voice agents in words: who they are, and why some were refused. */

/** @typedef {import("../types.js").VoiceProvider} VoiceProvider */

/** Whose agent it is, in a sentence. @param {VoiceProvider} provider */
export const agentName = (provider) => (provider === "standard" ? "your own agent" : PROVIDERS[provider].name);

/** @type {Record<VoiceProvider, { name: string, where: string, enter: string | null }>} where the address belongs, and what to enter here afterwards */
export const PROVIDERS = {
  elevenlabs: {
    name: "ElevenLabs",
    where: "In ElevenLabs, add a post-call webhook with HMAC authentication for this address.",
    enter: "ElevenLabs shows the webhook’s secret once. Enter it here.",
  },
  retell: {
    name: "Retell",
    where: "In Retell, set this address as the agent’s webhook.",
    enter: "Retell signs with the API key that has the webhook badge. Enter that key here.",
  },
  vapi: {
    name: "Vapi",
    where: "In Vapi, make an HMAC credential with SHA-256 and the timestamp included, and use it for this server address.",
    enter: null,
  },
  bland: {
    name: "Bland",
    where: "In Bland, set this address as the webhook of your calls, and make a signing secret.",
    enter: "Bland shows the signing secret once. Enter it here.",
  },
  standard: {
    name: "Standard Webhooks",
    where: "Send calls to this address, signed as Standard Webhooks says.",
    enter: null,
  },
};

/** @type {Record<string, string>} */
const REFUSALS = {
  not_configured: "there was no secret to check it with",
  missing_header: "it had no signature",
  duplicate_header: "it had a header twice",
  malformed_header: "its signature was not in this provider’s form",
  too_old: "it was signed more than five minutes before it came",
  too_new: "it was signed more than five minutes ahead of this server’s clock",
  too_large: "it was larger than 1 MiB",
  wrong_signature: "its signature was not made with this secret",
};

/** @param {string} reason */
export const refusal = (reason) => REFUSALS[reason] ?? "it did not prove who sent it";

/** Minutes and seconds. @param {number} seconds */
export function formatDuration(seconds) {
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}
