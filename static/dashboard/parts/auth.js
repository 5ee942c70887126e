/** The card that sign-in and sign-up share. */
import { foot } from "../disclosure/foot.js";
import { h, replace } from "../dom.js";
import { problemNotice } from "./notice.js";

/**
 * @param {object} options
 * @param {string} options.title
 * @param {string} options.lead
 * @param {import("./field.js").Field[]} options.fields
 * @param {(Node | null)[]} [options.extra]
 * @param {(Node | null)[]} [options.after] below the button
 * @param {string} options.submit
 * @param {() => boolean} options.valid shows what is missing beside its field
 * @param {() => Promise<void>} options.run
 * @param {(error: unknown) => boolean} [options.refused]
 * @param {Node} options.other the way to the sister page
 */
export function authCard({ title, lead, fields, extra = [], after = [], submit, valid, run, refused, other }) {
  const trouble = h("div");
  const button = h("button", { type: "submit", class: "button primary wide" }, submit);
  const form = h("form", { novalidate: true, class: "stack" }, trouble, fields.map((field) => field.element), extra, button, after);
  let running = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (running) return;
    trouble.replaceChildren();
    if (!valid()) {
      const wrong = form.querySelector("[aria-invalid]");
      if (wrong instanceof HTMLElement) wrong.focus();
      return;
    }
    running = true;
    button.classList.add("busy");
    try {
      await run();
    } catch (error) {
      if (!refused?.(error)) replace(trouble, problemNotice(error));
    } finally {
      running = false;
      button.classList.remove("busy");
    }
  });
  return h("div", { class: "auth" },
    h("div", { class: "auth-card card" }, h("h1", null, title), h("p", { class: "lead" }, lead), form),
    h("p", { class: "auth-other" }, other),
    foot(""));
}
