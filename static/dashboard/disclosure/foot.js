/** Ways from one of the public pages to the others. */
import { h } from "../dom.js";
import { signInOptions } from "../sign-in-options.js";

const PLACES = [["/security/report", "Report a vulnerability"], ["/security/thanks", "Thanks"], ["/contact", "Contact"], ["/privacy", "Privacy"]];

/** @param {string} here */
export function foot(here) {
  // Those who run the server may have switched it off.
  const promised = h("a", { href: "/trust", hidden: true }, "What is promised");
  void signInOptions().then((options) => { promised.hidden = !options.trust_page; }, () => {});
  return h("nav", { class: "public-foot", "aria-label": "About this installation" },
    PLACES.map(([path, name]) => h("a", { href: path, "aria-current": path === here && "page" }, name)),
    promised);
}
