/** How long the passwords of members must be that are all they sign in with. For owners. */
import { get, put } from "../api.js";
import { h, replace } from "../dom.js";
import { field } from "../parts/field.js";
import { load } from "../parts/load.js";
import { problemNotice } from "../parts/notice.js";
import { skeleton } from "../parts/skeleton.js";
import { toast } from "../parts/toast.js";
import { asProblem } from "../problem.js";

/** @param {AbortSignal} signal */
export function passwordLength(signal) {
  const slot = h("div");
  void load(slot, {
    signal,
    skeleton: () => skeleton("form"),
    fetch: () => /** @type {Promise<{ characters: number }>} */ (get("/workspace/password-length", signal)),
    render: ({ characters }) => form(characters),
  });
  return h("section", { class: "card panel", "aria-labelledby": "passwords" },
    h("header", { class: "panel-head" }, h("h2", { id: "passwords" }, "Passwords")), slot);
}

/** @param {number} stored */
function form(stored) {
  const length = field({ label: "Shortest password", hint: "Characters, from 12 to 64. Holds for passwords that are set from now on by members without a second factor.", type: "number", min: 12, max: 64, step: 1, value: String(stored), inputmode: "numeric" });
  const save = h("button", { type: "submit", class: "button primary", disabled: true }, "Save length");
  const trouble = h("div");
  const refresh = () => void (save.disabled = length.input.value === "" || Number(length.input.value) === stored);
  const element = h("form", { class: "stack narrow", novalidate: true, on: { input: refresh } }, length.element, trouble, h("div", { class: "button-row" }, save));
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.replaceChildren();
    save.disabled = true;
    try {
      const characters = Math.trunc(Number(length.input.value));
      await put("/workspace/password-length", { characters });
      stored = characters;
      toast("Length saved");
    } catch (error) {
      if (asProblem(error).code === "invalid_password_length") length.error(asProblem(error).message);
      else replace(trouble, problemNotice(error));
    }
    refresh();
  });
  return element;
}
