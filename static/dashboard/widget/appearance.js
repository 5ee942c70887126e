/** Words, colours, place and language of the widget. Every change shows in the preview before it is saved. */
import { patch } from "../api.js";
import { h, replace } from "../dom.js";
import { field, segmented, select } from "../parts/field.js";
import { icon } from "../parts/icon.js";
import { problemNotice } from "../parts/notice.js";
import { toast } from "../parts/toast.js";
import { asProblem, explain } from "../problem.js";
import { colorField, isColor, paletteFields } from "./colors.js";

/** @typedef {import("../types.js").Appearance} Appearance */
/** @typedef {import("../types.js").WidgetSetup} WidgetSetup */

const SUGGESTIONS = 4;
const NOT_A_COLOR = "Enter a colour as # and six digits, such as #2457d6.";

/** @type {[string, string][]} */
const LANGUAGES = [
  ["auto", "As the page says, else the browser"], ["en", "English"], ["de", "Deutsch"], ["fr", "Français"], ["es", "Español"], ["pt", "Português"], ["it", "Italiano"],
  ["nl", "Nederlands"], ["ja", "日本語"], ["zh", "简体中文"], ["ar", "العربية"], ["he", "עברית"],
];

/** @param {WidgetSetup} setup @returns {Appearance} */
const appearanceOf = (setup) => ({
  title: setup.title, greeting: setup.greeting, color: setup.color, position: setup.position, suggestions: [...setup.suggestions],
  light: { ...setup.light }, dark: { ...setup.dark }, scheme: setup.scheme, offset_x: setup.offset_x, offset_y: setup.offset_y,
  launcher: setup.launcher, language: setup.language,
});

/**
 * @param {string} project
 * @param {WidgetSetup} setup
 * @param {(appearance: Appearance) => void} changed
 */
export function appearanceEditor(project, setup, changed) {
  const draft = appearanceOf(setup);
  let stored = JSON.stringify(draft);
  const clean = () => ({ ...draft, title: draft.title.trim(), greeting: draft.greeting.trim(), launcher: draft.launcher.trim(), suggestions: draft.suggestions.map((text) => text.trim()).filter((text) => text !== "") });
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
  const launcher = field({ label: "Button label", hint: "Beside the picture of the round button.", optional: true, value: draft.launcher, maxlength: 30, autocomplete: "off" });
  launcher.input.addEventListener("input", () => { draft.launcher = launcher.input.value; update(); });

  const color = colorField({ label: "Colour", hint: "Text on it is black or white, whichever reads better." }, draft.color, "#2457d6", (value) => { draft.color = value; update(); });
  const palettes = /** @type {const} */ (["light", "dark"]).map((kind) => paletteFields(kind, draft[kind], draft.color, update));
  const scheme = segmented("Light or dark", [["auto", "As the page"], ["light", "Light"], ["dark", "Dark"]], draft.scheme, (value) => {
    draft.scheme = /** @type {Appearance["scheme"]} */ (value);
    update();
  });

  const position = segmented("Corner of the page", [["right", "Bottom right"], ["left", "Bottom left"], ["top-right", "Top right"], ["top-left", "Top left"]], draft.position, (value) => {
    draft.position = /** @type {Appearance["position"]} */ (value);
    update();
  });
  /** @param {string} label @param {"offset_x" | "offset_y"} name */
  const offset = (label, name) => {
    const built = field({ label, type: "number", min: 0, max: 200, step: 1, value: String(draft[name]), inputmode: "numeric" });
    built.input.addEventListener("input", () => {
      const pixels = Number(built.input.value);
      const fits = built.input.value.trim() !== "" && Number.isInteger(pixels) && pixels >= 0 && pixels <= 200;
      built.error(fits ? null : "Choose 0 to 200 pixels.");
      if (fits) draft[name] = pixels;
      update();
    });
    return built;
  };
  const [across, down] = [offset("Pixels from the side", "offset_x"), offset("Pixels from top or bottom", "offset_y")];
  const language = select("Language of the widget’s own words", LANGUAGES, draft.language, (value) => { draft.language = value; update(); });
  language.className = "field";

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

  const form = h("form", { class: "stack", novalidate: true }, title.element, greeting.element,
    h("fieldset", { class: "group" }, h("legend", null, "Suggested questions"), h("p", { class: "hint" }, `Up to ${SUGGESTIONS}, shown before the first question.`), suggestions, more),
    color.element, scheme, h("div", { class: "palettes" }, palettes.map(({ element }) => element)),
    position, h("div", { class: "offsets" }, across.element, down.element), launcher.element, language,
    trouble, h("div", { class: "button-row" }, save));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.replaceChildren();
    const wrong = isColor(draft.color) ? palettes.map((palette) => palette.wrong()).find((found) => found !== null) : color;
    if (wrong) {
      wrong.error(NOT_A_COLOR);
      return wrong.input.focus();
    }
    const misplaced = [across, down].find(({ input }) => input.hasAttribute("aria-invalid"));
    if (misplaced) return misplaced.input.focus();
    save.disabled = true;
    try {
      const sent = clean();
      await patch(`/projects/${project}/widget`, sent);
      stored = JSON.stringify(sent);
      draft.suggestions = [...sent.suggestions];
      drawSuggestions();
      toast("Appearance saved");
    } catch (error) {
      const fields = { title, greeting, color, launcher };
      const name = asProblem(error).field ?? "";
      if (name in fields) {
        const refused = fields[/** @type {keyof typeof fields} */ (name)];
        refused.error(explain(error));
        refused.input.focus();
      } else {
        replace(trouble, problemNotice(error));
      }
    }
    update();
  });
  update();
  return { element: form, dirty, current: clean };
}
