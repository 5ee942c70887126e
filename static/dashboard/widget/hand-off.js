/** Whether visitors can ask for a person, and whom that is mailed to. */
import { patch } from "../api.js";
import { h, replace } from "../dom.js";
import { field } from "../parts/field.js";
import { problemNotice } from "../parts/notice.js";
import { toast } from "../parts/toast.js";
import { asProblem, explain } from "../problem.js";

/** @typedef {import("../types.js").WidgetSetup} WidgetSetup */

/** @param {string} project @param {WidgetSetup} setup @param {(enabled: boolean) => void} changed */
export function handOffEditor(project, setup, changed) {
  let stored = JSON.stringify(setup.hand_off);
  const enabled = h("input", { type: "checkbox", checked: setup.hand_off.enabled });
  const email = field({ label: "Mail it to", hint: "With what was said so far. Answering goes to the visitor.", optional: true, type: "email", value: setup.hand_off.email ?? "", maxlength: 254, autocomplete: "email", spellcheck: "false" });
  const save = h("button", { type: "submit", class: "button primary" }, "Save");
  const trouble = h("div");
  const value = () => ({ enabled: enabled.checked, email: enabled.checked && email.input.value.trim() !== "" ? email.input.value.trim() : null });
  const dirty = () => JSON.stringify(value()) !== stored;
  const update = () => {
    save.disabled = !dirty();
    email.element.hidden = !enabled.checked;
    changed(enabled.checked);
  };
  const form = h("form", { class: "stack", novalidate: true },
    h("p", { class: "hint" }, "Visitors leave their e-mail address and a message. You find it among the conversations, and webhooks can be told (conversation.handed_over)."),
    h("label", { class: "check" }, enabled, h("span", null, "Visitors can ask for a person")),
    email.element, trouble, h("div", { class: "button-row" }, save));
  form.addEventListener("input", update);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.replaceChildren();
    save.disabled = true;
    try {
      const next = /** @type {WidgetSetup} */ (await patch(`/projects/${project}/widget`, { hand_off: value() }));
      email.input.value = next.hand_off.email ?? "";
      stored = JSON.stringify(next.hand_off);
      toast("Saved");
    } catch (error) {
      if (asProblem(error).field === "hand_off.email") {
        email.error(explain(error));
        email.input.focus();
      } else {
        replace(trouble, problemNotice(error));
      }
    }
    update();
  });
  update();
  return { element: form, dirty };
}
