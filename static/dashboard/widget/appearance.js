/** Title, greeting, colour, side and suggestions of the widget. Every change shows in the preview before it is saved. */
import { patch } from "../api.js";
import { h, replace } from "../dom.js";
import { field, segmented } from "../parts/field.js";
import { icon } from "../parts/icon.js";
import { problemNotice } from "../parts/notice.js";
import { toast } from "../parts/toast.js";
import { asProblem, explain } from "../problem.js";

/** @typedef {import("../types.js").Appearance} Appearance */
/** @typedef {import("../types.js").WidgetSetup} WidgetSetup */

const SUGGESTIONS = 4;

/** @param {string} color */
export const isColor = (color) => /^#[0-9a-f]{6}$/i.test(color);

/** WCAG contrast of white on a colour. @param {string} color */
export function contrastWithWhite(color) {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05);
}

/**
 * @param {string} project
 * @param {WidgetSetup} setup
 * @param {(appearance: Appearance) => void} changed
 */
export function appearanceEditor(project, setup, changed) {
  /** @type {Appearance} */
  const draft = { title: setup.title, greeting: setup.greeting, color: setup.color, position: setup.position, suggestions: [...setup.suggestions] };
  let stored = JSON.stringify(draft);
  const clean = () => ({ ...draft, title: draft.title.trim(), greeting: draft.greeting.trim(), suggestions: draft.suggestions.map((text) => text.trim()).filter((text) => text !== "") });
  const dirty = () => JSON.stringify(clean()) !== stored;
  const save = h("button", { type: "submit", class: "button primary" }, "Save appearance");
  const trouble = h("div");
  const update = () => {
    save.disabled = !dirty();
    if (isColor(draft.color)) changed(clean());
  };

  const title = field({ label: "Title", value: draft.title, maxlength: 60, autocomplete: "off" });
  title.input.addEventListener("input", () => { draft.title = title.input.value; update(); });
  const greeting = field({ label: "Greeting", hint: "The first thing visitors read.", value: draft.greeting, maxlength: 300, multiline: true });
  greeting.input.addEventListener("input", () => { draft.greeting = greeting.input.value; update(); });

  const color = field({ label: "Colour", value: draft.color, maxlength: 7, spellcheck: "false", autocomplete: "off" });
  const picker = h("input", { type: "color", class: "swatch-input", value: isColor(draft.color) ? draft.color : "#2457d6", "aria-label": "Pick a colour" });
  const row = h("div", { class: "color-row" });
  color.input.replaceWith(row);
  row.append(picker, color.input);
  const remark = h("p", { class: "hint", "aria-live": "polite" });
  color.element.append(remark);
  const judge = () => {
    const ratio = isColor(draft.color) ? contrastWithWhite(draft.color) : 21;
    const text = ratio < 4.5 ? `White text on this colour is hard to read (${ratio.toFixed(1)} to 1). A darker one is better.` : "";
    if (remark.textContent !== text) remark.textContent = text;
  };
  const tint = (/** @type {string} */ value) => {
    draft.color = value.trim().toLowerCase();
    judge();
    update();
  };
  picker.addEventListener("input", () => { color.input.value = picker.value; color.error(null); tint(picker.value); });
  color.input.addEventListener("input", () => {
    if (isColor(color.input.value.trim())) picker.value = color.input.value.trim();
    tint(color.input.value);
  });

  const position = segmented("Side of the page", [["right", "Right"], ["left", "Left"]], draft.position, (value) => {
    draft.position = value === "left" ? "left" : "right";
    update();
  });

  const suggestions = h("ul", { class: "origins" });
  const more = h("button", { type: "button", class: "button" }, icon("plus"), "Add suggestion");
  const drawSuggestions = () => {
    replace(suggestions, draft.suggestions.map((text, at) => {
      const input = h("input", { type: "text", class: "input", value: text, maxlength: 120, "aria-label": `Suggested question ${at + 1}`, on: { input: () => { draft.suggestions[at] = input.value; update(); } } });
      const remove = () => {
        draft.suggestions.splice(at, 1);
        drawSuggestions();
        more.focus();
        update();
      };
      return h("li", { class: "origin-row" }, input, h("button", { type: "button", class: "icon-button", "aria-label": `Remove suggestion ${at + 1}`, on: { click: remove } }, icon("trash")));
    }));
    more.disabled = draft.suggestions.length >= SUGGESTIONS;
  };
  more.addEventListener("click", () => {
    draft.suggestions.push("");
    drawSuggestions();
    const last = suggestions.querySelector("li:last-child input");
    if (last instanceof HTMLElement) last.focus();
  });
  drawSuggestions();

  const form = h("form", { class: "stack", novalidate: true }, title.element, greeting.element, color.element, position,
    h("fieldset", { class: "group" }, h("legend", null, "Suggested questions"), h("p", { class: "hint" }, `Up to ${SUGGESTIONS}, shown before the first question.`), suggestions, more),
    trouble, h("div", { class: "button-row" }, save));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.replaceChildren();
    if (!isColor(draft.color)) {
      color.error("Enter a colour as # and six digits, such as #2457d6.");
      return color.input.focus();
    }
    save.disabled = true;
    try {
      const sent = clean();
      await patch(`/projects/${project}/widget`, sent);
      stored = JSON.stringify(sent);
      draft.suggestions = [...sent.suggestions];
      drawSuggestions();
      toast("Appearance saved");
    } catch (error) {
      const fields = { title, greeting, color };
      const name = asProblem(error).field ?? "";
      if (name in fields) {
        const wrong = fields[/** @type {keyof typeof fields} */ (name)];
        wrong.error(explain(error));
        wrong.input.focus();
      } else {
        replace(trouble, problemNotice(error));
      }
    }
    update();
  });
  judge();
  update();
  return { element: form, dirty, current: clean };
}
