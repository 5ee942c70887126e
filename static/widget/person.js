/** Asking for a person: where to answer to, and what about. */
import { h, newId } from "./nodes.js";
import { follow, say } from "./texts.js";
import { explain } from "./transport.js";

/** @typedef {import("./types.js").Handing} Handing */
/** @typedef {import("./types.js").Trouble} Trouble */

/**
 * @param {object} how
 * @param {string} how.email what is known of it
 * @param {(handing: Handing) => Promise<void>} how.send
 * @param {(sent: string | null) => void} how.done with the message, or `null` when it is given up
 */
export function handOffForm({ email, send, done }) {
  const name = newId("person");
  const trouble = h("p", { class: "trouble", role: "alert" });
  const mail = h("input", { type: "email", id: newId("email"), maxlength: 254, autocomplete: "email", dir: "ltr", required: true });
  const text = h("textarea", { id: newId("message"), rows: 3, maxlength: 4000, required: true, input: () => follow(text) });
  const submit = h("button", { type: "submit", class: "solid" }, say("deliver"));
  mail.value = email;
  follow(text);
  /** @param {HTMLElement} field @param {string} words */
  const wrong = (field, words) => {
    trouble.textContent = words;
    field.setAttribute("aria-invalid", "true");
    field.focus();
  };
  const form = h("form", { class: "card", "aria-labelledby": name, novalidate: true, "aria-live": "off", input: () => {
    for (const field of [mail, text]) field.removeAttribute("aria-invalid");
  }, submit: async (event) => {
    event.preventDefault();
    trouble.textContent = "";
    if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(mail.value.trim())) return wrong(mail, say("noEmail"));
    if (text.value.trim() === "") return wrong(text, say("noMessage"));
    submit.disabled = true;
    try {
      await send({ email: mail.value.trim(), message: text.value.trim() });
      done(text.value.trim());
    } catch (error) {
      const { status, field } = /** @type {Trouble} */ (error ?? {});
      if (field === "email") wrong(mail, say("noEmail"));
      else trouble.textContent = status ? explain(error).text : say("unsent");
    }
    submit.disabled = false;
  } },
  h("h3", { id: name }, say("person")), h("p", {}, say("intro")),
  h("label", { for: mail.id }, say("email")), mail,
  h("label", { for: text.id }, say("message")), text,
  trouble, h("div", { class: "row" }, submit, h("button", { type: "button", class: "plain", click: () => done(null) }, say("cancel"))));
  return { form, focus: () => (email === "" ? mail : text).focus() };
}
