/** The real widget, in place, asking through the dashboard's own session. */
import { post } from "../api.js";
import { h, replace } from "../dom.js";
import { notice } from "../parts/notice.js";
import { askQuestion } from "../stream.js";

/** @typedef {import("../types.js").Appearance} Appearance */
/**
 * @typedef {object} Transport
 * @property {(question: string, options: { signal: AbortSignal }) => AsyncIterable<import("../types.js").AnswerEvent>} ask
 * @property {(message: string, helpful: boolean | null) => Promise<void>} feedback
 * @property {() => Promise<{ turns: import("../types.js").Turn[] }>} history
 *
 * @typedef {HTMLElement & { settings: Appearance, inline: boolean, transport: Transport }} WidgetElement
 */

/** Served for customers' sites too, hence not among the dashboard's own modules. */
const WIDGET = "/widget.js";

/**
 * @param {string} project
 * @param {Appearance} first
 */
export function preview(project, first) {
  const stage = h("div", { class: "preview-stage" });
  let settings = first;
  /** @type {WidgetElement | null} */
  let widget = null;

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
    };
  };

  const mount = () => {
    const element = /** @type {WidgetElement} */ (document.createElement("pernoex-widget"));
    element.inline = true;
    element.transport = transport();
    element.settings = settings;
    widget = element;
    replace(stage, element);
  };

  void import(WIDGET)
    .then(() => customElements.whenDefined("pernoex-widget"))
    .then(mount)
    .catch(() => replace(stage, notice("warning", h("p", null, "The preview could not be loaded. Your settings are not affected."))));

  return {
    element: stage,
    /** @param {Appearance} next */
    update(next) {
      settings = next;
      if (widget) widget.settings = next;
    },
    /** Begins a new conversation in the preview. */
    restart: () => widget && mount(),
  };
}
