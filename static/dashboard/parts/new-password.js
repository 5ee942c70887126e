/** Choosing a password: the field, and how strong it is while it is typed. */
import { h } from "../dom.js";
import { SHORTEST, strength } from "../strength.js";
import { passwordField } from "./field.js";

/** @param {() => string[]} avoid words that make a password easy to guess */
export function newPassword(avoid) {
  const meter = h("div", { class: "strength", id: "strength" }, h("span", { class: "strength-bars", "aria-hidden": "true" }, [1, 2, 3, 4].map(() => h("i"))));
  const advice = h("p", { class: "hint", "aria-live": "polite" });
  meter.append(advice);
  const field = passwordField({ label: "Password", name: "password", autocomplete: "new-password", describedBy: "strength", required: true });
  const judge = () => {
    const { score, advice: text } = strength(field.input.value, avoid());
    meter.dataset.score = String(score);
    if (advice.textContent !== text) advice.textContent = text;
  };
  field.input.addEventListener("input", judge);
  judge();
  const valid = () => {
    const long = [...field.input.value].length >= SHORTEST;
    if (!long) field.error(`Use at least ${SHORTEST} characters.`);
    return long;
  };
  return { field, meter, valid };
}
