/** Backup codes, the one time that they are shown. */
import { h, replace, uid } from "../dom.js";
import { copyButton } from "./copy.js";
import { formDialog } from "./dialog.js";
import { save } from "./download.js";
import { icon } from "./icon.js";

/** @param {string[]} codes @param {string} email */
export async function showBackupCodes(codes, email) {
  const text = [`Pernoex backup codes for ${email}`, `Made on ${new Date().toISOString().slice(0, 10)}. Each code works once.`, "", ...codes, ""].join("\n");
  const reminder = h("p", { class: "field-error", id: uid("save-first"), role: "alert" });
  const saved = h("input", { type: "checkbox", "aria-describedby": reminder.id, on: { change: () => reminder.replaceChildren() } });
  // Who goes on without them may find the account shut for good one day.
  const leaving = new AbortController();
  addEventListener("beforeunload", (event) => {
    if (!saved.checked) event.preventDefault();
  }, { signal: leaving.signal });
  const download = () => save(new Blob([text], { type: "text/plain" }), "pernoex-backup-codes.txt");
  const print = () => {
    document.body.classList.add("prints-codes");
    globalThis.print();
    document.body.classList.remove("prints-codes");
  };
  await formDialog({
    title: "Save your backup codes",
    body: [
      h("p", null, "If you lose your phone or your passkey, one of these lets you in. They are shown only now. Keep them where you keep other important things, such as a password manager."),
      h("ol", { class: "backup-codes", "aria-label": "Backup codes" }, codes.map((code) => h("li", null, h("code", null, code)))),
      h("div", { class: "button-row" },
        h("button", { type: "button", class: "button small", on: { click: download } }, icon("download"), "Download"),
        copyButton("Copy", () => text),
        h("button", { type: "button", class: "button small", on: { click: print } }, "Print")),
      h("div", null, h("label", { class: "check" }, saved, h("span", null, "I saved these codes")), reminder),
    ],
    submit: "Done",
    cancel: false,
    held: () => !saved.checked,
    holding() {
      replace(reminder, icon("alert"), "Save the codes and tick this first: they are not shown again.");
      saved.focus();
      saved.scrollIntoView({ block: "nearest" });
    },
    ready: () => saved.checked,
    run: () => {},
  });
  leaving.abort();
}
