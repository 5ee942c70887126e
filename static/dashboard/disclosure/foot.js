/** Ways from one of the public pages to the others. */
import { h } from "../dom.js";

const PLACES = [["/security/report", "Report a vulnerability"], ["/security/thanks", "Thanks"], ["/contact", "Contact"], ["/privacy", "Privacy"]];

/** @param {string} here */
export const foot = (here) =>
  h("nav", { class: "public-foot", "aria-label": "About this installation" },
    PLACES.map(([path, name]) => h("a", { href: path, "aria-current": path === here && "page" }, name)));
