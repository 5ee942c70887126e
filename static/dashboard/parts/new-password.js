/** Choosing a password: the field, and how strong it is while it is typed. */
import { h, uid } from "../dom.js";
import { SHORTEST, strength } from "../strength.js";
import { passwordField } from "./field.js";

/**
 * @param {() => string[]} avoid words that make a password easy to guess
 * @param {{ label?: string, shortest?: number }} [options]
 */
export function newPassword(avoid, { label = "Password", shortest = SHORTEST } = {}) {
  const id = uid("strength");
  const meter = h("div", { class: "strength", id }, h("span", { class: "strength-bars", "aria-hidden": "true" }, [1, 2, 3, 4].map(() => h("i"))));
  const advice = h("p", { class: "hint", "aria-live": "polite" });
  meter.append(advice);
  const field = passwordField({ label, name: "password", autocomplete: "new-password", describedBy: id, required: true });
  const judge = () => {
    const { score, advice: text } = strength(field.input.value, avoid(), shortest);
    meter.dataset.score = String(score);
    if (advice.textContent !== text) advice.textContent = text;
  };
  field.input.addEventListener("input", judge);
  judge();
  const valid = () => {
    const long = [...field.input.value].length >= shortest;
    if (!long) field.error(`Use at least ${shortest} characters.`);
    return long;
  };
  return { field, meter, valid };
}
