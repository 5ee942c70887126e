/** How long the passwords of members must be that are all they sign in with. For owners. */
import { get, put } from "../api.js";
import { h, replace } from "../dom.js";
import { segmented } from "../parts/field.js";
import { load } from "../parts/load.js";
import { problemNotice } from "../parts/notice.js";
import { skeleton } from "../parts/skeleton.js";
import { toast } from "../parts/toast.js";

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
  let chosen = stored;
  const save = h("button", { type: "submit", class: "button primary", disabled: true }, "Save length");
  const trouble = h("div");
  const refresh = () => void (save.disabled = chosen === stored);
  // Another length may have been set by the API.
  const lengths = [...new Set([12, 15, stored])].sort((a, b) => a - b);
  const length = segmented("Shortest password", lengths.map((characters) => [String(characters), `${characters} characters`]), String(stored), (value) => {
    chosen = Number(value);
    refresh();
  });
  const element = h("form", { class: "stack narrow", novalidate: true },
    length,
    h("p", { class: "hint" }, "Holds for members without a second factor: when they set a password, when they join with an account that they have, and when they remove their last second factor."),
    trouble,
    h("div", { class: "button-row" }, save));
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.replaceChildren();
    save.disabled = true;
    try {
      await put("/workspace/password-length", { characters: chosen });
      stored = chosen;
      toast("Length saved");
    } catch (error) {
      replace(trouble, problemNotice(error));
    }
    refresh();
  });
  return element;
}
