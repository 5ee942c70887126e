/** Ways from one of the public pages to the others. */
import { anonymous } from "../api.js";
import { h } from "../dom.js";

const PLACES = [["/security/report", "Report a vulnerability"], ["/security/thanks", "Thanks"], ["/contact", "Contact"], ["/privacy", "Privacy"]];

/** Asked once for all pages. @type {Promise<boolean> | undefined} */
let trusts;

/** Whether `/trust` is there: those who run the server may have switched it off. */
const hasTrustPage = () => (trusts ??=
  /** @type {Promise<{ trust_page: boolean }>} */ (anonymous("GET", "/sign-in-options")).then((options) => options.trust_page, () => false));

/** @param {string} here */
export function foot(here) {
  const promised = h("a", { href: "/trust", hidden: true }, "What is promised");
  void hasTrustPage().then((is) => { promised.hidden = !is; });
  return h("nav", { class: "public-foot", "aria-label": "About this installation" },
    PLACES.map(([path, name]) => h("a", { href: path, "aria-current": path === here && "page" }, name)),
    promised);
}
