/** The browser's side of passkeys. The server speaks base64url where the browser speaks bytes. */

/** @param {string} text */
function bytes(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** @param {ArrayBuffer | null} buffer */
function base64url(buffer) {
  if (!buffer) return null;
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @typedef {Record<string, any>} Options as the server sends them */

/** Whether this browser, at this address, can do it at all. */
export const canUsePasskeys = () => isSecureContext && typeof PublicKeyCredential === "function" && !/^[\d.]+$|:/.test(location.hostname);

/** Whether somebody closed the browser's dialog, or let it time out. @param {unknown} error */
export const wasCancelled = (error) => error instanceof DOMException && (error.name === "NotAllowedError" || error.name === "AbortError");

/** Whether the authenticator has a passkey of this account already. @param {unknown} error */
export const isKnown = (error) => error instanceof DOMException && error.name === "InvalidStateError";

/** @param {Options[]} [list] */
const descriptors = (list) => (list ?? []).map((one) => ({ ...one, type: /** @type {const} */ ("public-key"), id: bytes(one.id) }));

/** Makes a passkey. @param {Options} options */
export async function createPasskey(options) {
  const made = await navigator.credentials.create({
    publicKey: /** @type {any} */ ({
      ...options,
      challenge: bytes(options["challenge"]),
      user: { ...options["user"], id: bytes(options["user"].id) },
      excludeCredentials: descriptors(options["excludeCredentials"]),
    }),
  });
  if (!(made instanceof PublicKeyCredential)) throw new DOMException("No passkey", "NotAllowedError");
  const response = /** @type {AuthenticatorAttestationResponse} */ (made.response);
  return {
    id: made.id,
    rawId: base64url(made.rawId),
    type: made.type,
    response: {
      attestationObject: base64url(response.attestationObject),
      clientDataJSON: base64url(response.clientDataJSON),
      transports: response.getTransports?.() ?? [],
    },
    extensions: {},
  };
}

/** Whether the browser offers passkeys among what it fills in. */
export const canFillInPasskeys = async () => canUsePasskeys() && (await PublicKeyCredential.isConditionalMediationAvailable?.()) === true;

/** Answers with a passkey. @param {Options} options @param {AbortSignal} [waiting] waits until one is chosen where the browser fills fields in, as long as this goes on */
export async function askPasskey(options, waiting) {
  const given = await navigator.credentials.get({
    ...(waiting && { mediation: /** @type {const} */ ("conditional"), signal: waiting }),
    publicKey: /** @type {any} */ ({
      ...options,
      challenge: bytes(options["challenge"]),
      allowCredentials: descriptors(options["allowCredentials"]),
    }),
  });
  if (!(given instanceof PublicKeyCredential)) throw new DOMException("No passkey", "NotAllowedError");
  const response = /** @type {AuthenticatorAssertionResponse} */ (given.response);
  return {
    id: given.id,
    rawId: base64url(given.rawId),
    type: given.type,
    response: {
      authenticatorData: base64url(response.authenticatorData),
      clientDataJSON: base64url(response.clientDataJSON),
      signature: base64url(response.signature),
      userHandle: base64url(response.userHandle),
    },
    extensions: {},
  };
}
