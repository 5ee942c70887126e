/** What there is to say once a mail is on its way; and what is behind the # of the link that comes with it. */
import { h } from "../dom.js";
import { navigate } from "../router.js";
import { signInOptions } from "../sign-in-options.js";

/** @param {string} title @param {string} text @param {Node} [more] */
export const mailed = (title, text, more) =>
  h("div", { class: "message-page" },
    h("h1", { tabindex: "-1" }, title),
    h("p", { class: "lead" }, text),
    h("p", { class: "hint" }, "Nothing there after some minutes? Look among the unwanted mail, or ask for it again."),
    more ?? h("p", null, h("a", { class: "button", href: "/sign-in" }, "Back to sign-in")));

/** Whether this server sends mail; a letter that it writes is on its way in any case. @returns {Promise<boolean>} */
export const leavesMail = () =>
  signInOptions().then(({ mail }) => mail === "server", () => true);

/** Instead of `mailed`, on a server without a mail server. @param {string} address */
export const keptLetter = (address) =>
  h("div", { class: "message-page" },
    h("h1", { tabindex: "-1" }, "One step is left"),
    h("p", { class: "lead" }, `This server sends no mail. The letter to ${address} is a file in the folder `, h("code", null, "mail"), " of its data, and its log names the path."),
    h("p", { class: "hint" }, "Follow the link in it, or ask whoever runs the server for it. It works for 24 hours."),
    h("p", null, h("a", { class: "button", href: "/sign-in" }, "Back to sign-in")));

/**
 * The token of the link that led here. It is taken out of the address: neither the history nor a shared screen keeps it.
 * @param {AbortSignal} signal
 * @returns {string}
 */
export function takeToken(signal) {
  // Another link opened in the same tab changes the fragment alone.
  addEventListener("hashchange", () => navigate(location.pathname + location.hash, { replace: true }), { signal });
  const token = location.hash.slice(1);
  if (token !== "") history.replaceState(history.state, "", location.pathname);
  return token;
}

/** @param {string} what the way to a new one @param {string} href */
export const deadLink = (what, href) =>
  h("div", { class: "message-page" },
    h("h1", { tabindex: "-1" }, "This link is not valid"),
    h("p", { class: "lead" }, "It has expired, was used already, or was replaced by a newer one."),
    h("p", null, h("a", { class: "button primary", href }, what)));
