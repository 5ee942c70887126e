/** A secret, the one time that it is shown. */
import { h, uid } from "../dom.js";
import { copyButton } from "./copy.js";
import { formDialog } from "./dialog.js";
import { notice } from "./notice.js";

/** @param {{ title: string, lead: string, secret: string, note?: string }} options */
export async function showSecretOnce({ title, lead, secret, note = "" }) {
  const id = uid("secret");
  const copied = h("input", { type: "checkbox" });
  await formDialog({
    title,
    body: [
      h("p", null, lead),
      h("div", { class: "field" },
        h("label", { for: id }, "Signing secret"),
        h("div", { class: "link-row" }, readOnly(secret, id), copyButton("Copy secret", () => secret))),
      notice("warning", h("p", null, "It is shown only now. ", note)),
      h("label", { class: "check" }, copied, h("span", null, "I have copied it")),
    ],
    submit: "Done",
    cancel: false,
    ready: () => copied.checked,
    run() {},
  });
}

/** A value to copy. @param {string} value @param {string} id which its label names */
export function readOnly(value, id) {
  const shown = h("input", { id, type: "text", class: "input", readonly: true, value, on: { focus: () => shown.select() } });
  return shown;
}
