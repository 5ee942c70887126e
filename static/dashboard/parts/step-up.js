/** Asks who is there once more, for what a session alone is not enough for. */
import { anonymous } from "../api.js";
import { h } from "../dom.js";
import { asProblem } from "../problem.js";
import { setSession } from "../session.js";
import { formDialog } from "./dialog.js";
import { passwordField } from "./field.js";

/** @returns {Promise<boolean>} whether they proved it */
export function stepUp() {
  const password = passwordField({ label: "Password", autocomplete: "current-password" });
  return formDialog({
    title: "Confirm that it is you",
    body: [h("p", null, "This is worth a second look. After that we do not ask again for ten minutes."), password.element],
    submit: "Confirm",
    ready: () => password.input.value !== "",
    run: async () => setSession(await anonymous("POST", "/session/proof", { password: password.input.value })),
    refused(error) {
      if (asProblem(error).code !== "wrong_credentials") return false;
      password.error("That is not your password.");
      password.input.select();
      return true;
    },
  });
}
