/** What a list shows before there is anything in it: what would be here and how to begin. */
import { h } from "../dom.js";
import { icon } from "./icon.js";

/**
 * @param {import("./icon.js").IconName} picture
 * @param {string} title
 * @param {string} text
 * @param {Node | null} [action]
 */
export const empty = (picture, title, text, action = null) =>
  h("div", { class: "empty" },
    h("span", { class: "empty-picture" }, icon(picture)),
    h("h2", null, title),
    h("p", null, text),
    action);
