/** Signing in with an account elsewhere: the buttons, and what this tab remembers while it is away. */
import { anonymous } from "../api.js";
import { h, replace } from "../dom.js";
import { signInOptions } from "../sign-in-options.js";
import { icon } from "./icon.js";
import { problemNotice } from "./notice.js";

/** @typedef {import("../types.js").Provider} Provider */
/** @typedef {{ provider?: string, next?: string | null, invitation?: string, workspace?: string, fresh?: boolean }} Errand what somebody wanted when they left */

const ERRAND = "pernoex-errand";
const LINK = "pernoex-link";

/** @param {string} name */
const providerIcon = (name) => icon(name === "google" ? "letterG" : name === "apple" ? "letterA" : "key");

/** In this tab alone, so that nothing of it is in an address. @param {Errand} errand */
const keep = (errand) => sessionStorage.setItem(ERRAND, JSON.stringify(errand));

/** @returns {Errand} */
export function takeErrand() {
  const kept = sessionStorage.getItem(ERRAND);
  sessionStorage.removeItem(ERRAND);
  return kept === null ? {} : JSON.parse(kept);
}

/** A ticket that waits until its owner has signed in as they used to. @param {string} ticket */
export const keepLink = (ticket) => sessionStorage.setItem(LINK, ticket);

export function takeLink() {
  const ticket = sessionStorage.getItem(LINK);
  sessionStorage.removeItem(LINK);
  return ticket;
}

/** Leaves for a provider. @param {string} provider @param {Errand} errand */
export async function leaveFor(provider, errand) {
  // Who is to prove themselves anew is asked to do so there too.
  const { url } = /** @type {{ url: string }} */ (await anonymous("POST", `/session/providers/${provider}${errand.fresh ? "?fresh=true" : ""}`, {}));
  keep({ ...errand, provider });
  location.assign(url);
}

/**
 * The buttons of the providers that are set up; nothing where there are none.
 * @param {Errand} [errand]
 * @param {(provider: Provider) => boolean} [wanted]
 */
export function providerButtons(errand = {}, wanted = () => true) {
  const trouble = h("div");
  const list = h("div", { class: "provider-buttons" });
  const whole = h("div", { class: "providers", hidden: true }, h("p", { class: "providers-or" }, h("span", null, "or")), trouble, list);

  /** @param {Provider} provider */
  const button = ({ name, title }) => {
    const go = h("button", { type: "button", class: "button wide" }, providerIcon(name), `Continue with ${title}`);
    go.addEventListener("click", async () => {
      go.disabled = true;
      trouble.replaceChildren();
      try {
        await leaveFor(name, errand);
      } catch (error) {
        replace(trouble, problemNotice(error));
        go.disabled = false;
      }
    });
    // Coming back by the Back button shows the page as it was left.
    addEventListener("pageshow", () => { go.disabled = false; });
    return go;
  };

  void signInOptions().then(
    (options) => {
      const providers = options.providers.filter(wanted);
      replace(list, providers.map(button));
      whole.hidden = providers.length === 0;
    },
    // The form beside it works without.
    () => {},
  );
  return whole;
}
