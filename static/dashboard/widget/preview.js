/** The real widget, in place, asking through the dashboard's own session; and its button in a corner of a page. */
import { post } from "../api.js";
import { h, replace } from "../dom.js";
import { segmented } from "../parts/field.js";
import { notice } from "../parts/notice.js";
import { askQuestion } from "../stream.js";

/** @typedef {import("../types.js").Appearance} Appearance */
/** @typedef {Appearance & { logo: string | null, hand_off: boolean }} Shown */
/**
 * @typedef {object} Transport
 * @property {(question: string, options: { signal: AbortSignal }) => AsyncIterable<import("../types.js").AnswerEvent>} ask
 * @property {(message: string, helpful: boolean | null) => Promise<void>} feedback
 * @property {() => Promise<{ turns: import("../types.js").Turn[] }>} history
 * @property {() => Promise<Blob>} logo
 * @property {() => Promise<void>} handOff
 *
 * @typedef {HTMLElement & { settings: Shown, inline: boolean, transport: Transport }} WidgetElement
 */

/** Served for customers' sites too, hence not among the dashboard's own modules. */
const WIDGET = "/widget.js";

/**
 * @param {string} project
 * @param {Shown} first
 */
export function preview(project, first) {
  const stage = h("div", { class: "preview-stage" });
  const corner = h("div", { class: "preview-corner", inert: true, "aria-hidden": "true" });
  let settings = first;
  /** On what kind of page, while the widget follows the page. @type {"light" | "dark"} */
  let page = "light";
  /** What the mounted elements speak. */
  let spoken = "";
  /** @type {WidgetElement[]} */
  let widgets = [];

  /** @returns {Transport} */
  const transport = () => {
    /** @type {string | null} */
    let conversation = null;
    return {
      async *ask(question, { signal }) {
        for await (const event of askQuestion(project, question, conversation, signal)) {
          if (event.type === "started" || event.type === "done") conversation = event.data.conversation;
          yield event;
        }
      },
      feedback: (message, helpful) => post(`/projects/${project}/messages/${message}/feedback`, { helpful }),
      history: async () => ({ turns: [] }),
      logo: async () => (await fetch(`/api/v1/projects/${project}/widget/logo?v=${settings.logo}`)).blob(),
      // Nobody is written to from a preview.
      handOff: async () => {},
    };
  };

  const shown = () => ({ ...settings, scheme: settings.scheme === "auto" ? page : settings.scheme });
  /** @param {boolean} inline */
  const element = (inline) => {
    const widget = /** @type {WidgetElement} */ (document.createElement("pernoex-widget"));
    widget.inline = inline;
    widget.transport = transport();
    widget.settings = shown();
    return widget;
  };
  const mount = () => {
    const [panel, button] = [element(true), element(false)];
    widgets = [panel, button];
    replace(stage, panel);
    replace(corner, button);
  };
  const drawPage = () => corner.classList.toggle("dark", shown().scheme === "dark");

  /** Words are chosen when a widget is made: another language is another widget. */
  const speak = async () => {
    const { language } = settings;
    if (language === spoken) return;
    spoken = language;
    const name = language === "auto" ? "en" : language;
    const answer = name === "en" ? null : await fetch(`/widget/languages/${name}.json`);
    const texts = answer?.ok ? await answer.json() : null;
    if (language !== spoken) return;
    /** @type {any} */ (customElements.get("pernoex-widget")).speak(name, texts);
    mount();
  };

  const ready = import(WIDGET)
    .then(() => customElements.whenDefined("pernoex-widget"))
    .then(speak)
    .catch(() => replace(stage, notice("warning", h("p", null, "The preview could not be loaded. Your settings are not affected."))));

  const redraw = () => {
    drawPage();
    for (const widget of widgets) widget.settings = shown();
    void ready.then(speak).catch(() => {});
  };
  drawPage();

  return {
    element: stage,
    corner,
    kind: segmented("Page", [["light", "Light"], ["dark", "Dark"]], page, (value) => {
      page = value === "dark" ? "dark" : "light";
      redraw();
    }),
    /** @param {Partial<Shown>} next */
    update(next) {
      settings = { ...settings, ...next };
      redraw();
    },
    /** Begins a new conversation in the preview. */
    restart: () => widgets.length > 0 && mount(),
  };
}
