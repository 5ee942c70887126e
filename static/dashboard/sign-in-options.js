/** What this installation offers those who are not signed in. */
import { anonymous } from "./api.js";

/** @typedef {{ providers: import("./types.js").Provider[], sign_up: boolean, mail: import("./types.js").MailWay, trust_page: boolean }} SignInOptions */

/** @type {Promise<SignInOptions> | undefined} */
let asked;

/** Asked for once; a failure is forgotten. @returns {Promise<SignInOptions>} */
export function signInOptions() {
  asked ??= /** @type {Promise<SignInOptions>} */ (anonymous("GET", "/sign-in-options")).catch((/** @type {unknown} */ error) => {
    asked = undefined;
    throw error;
  });
  return asked;
}
