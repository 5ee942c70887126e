/** What a page does with the widget: by a script tag, which says all in its attributes, or by its own code. */
import { PernoexWidget, TAG } from "./element.js";
import { remember } from "./memory.js";
import { speak } from "./texts.js";
import { httpTransport } from "./transport.js";

/** @typedef {import("./types.js").Answer} Answer */
/** @typedef {import("./types.js").Trouble} Trouble */
/** @typedef {import("./types.js").Visit} Visit */
/** @typedef {(detail: any) => void} Listener */

/**
 * Shows the widget once the server has said that this page may. Every call waits for that; none fails if it does not come to it.
 * @param {{ server: string, key: string, userToken?: string | undefined, language?: string | undefined }} options
 */
export function createWidget({ server, key, userToken, language }) {
  const transport = httpTransport(server, key, { user: userToken, language });
  /** @type {Map<string, Set<Listener>>} */
  const listeners = new Map();
  /** @type {PernoexWidget | null} */
  let widget = null;
  let over = false;

  /** @param {string} name @param {object} [detail] */
  const tell = (name, detail = {}) => {
    for (const listener of listeners.get(name) ?? []) {
      try {
        listener(detail);
      } catch (error) {
        reportError(error);
      }
    }
  };

  /** @param {unknown} error */
  const refuse = (error) => {
    const { code, status, detail } = /** @type {Trouble} */ (error ?? {});
    const reason = code === "origin_not_allowed" ? `${location.origin} is not among the allowed websites of this key`
      : status === 404 ? "its key is not known" : detail ?? (status ? `the server answered ${status}` : `${server} could not be asked, or does not allow ${location.origin}`);
    console.warn(`Pernoex: ${reason}${widget ? "" : ", so the widget is not shown"}.`);
    tell("error", { problem: error });
  };

  /** @param {Visit} visit */
  const show = async (visit) => {
    const { token, conversation, language: spoken, texts, ...settings } = visit;
    if (!document.body) await new Promise((ready) => addEventListener("DOMContentLoaded", ready, { once: true }));
    if (over) return;
    if (widget) {
      widget.settings = settings;
      return widget.changeVisitor();
    }
    speak(spoken, texts);
    widget = /** @type {PernoexWidget} */ (document.createElement(TAG));
    widget.dataset["key"] = key;
    widget.transport = transport;
    widget.tell = tell;
    widget.memory = remember(key);
    widget.settings = settings;
    document.body.append(widget);
    tell("ready");
  };

  let shown = transport.visit().then(show).catch(refuse);
  /** @template T @param {(widget: PernoexWidget) => T} act @returns {Promise<T | undefined>} */
  const once = (act) => shown.then(() => (widget ? act(widget) : undefined));

  return {
    open: () => once((widget) => widget.open()),
    close: () => once((widget) => widget.close()),
    toggle: () => once((widget) => widget.toggle()),
    /** Opens the panel and asks. @param {string} text @returns {Promise<{ text: string, outcome: string } | null>} */
    ask: async (text) => {
      const answer = await once((widget) => widget.ask(text));
      return answer ? { text: answer.text, outcome: answer.outcome } : null;
    },
    /** Says who the visitor is, by a token that the website's server signed; `null` when they signed out. @param {string | null} token */
    identify: (token) => {
      const before = shown;
      // Whatever comes of it, nothing of who was here before is shown or asked from now on.
      const named = before.then(() => {
        const visit = transport.identify(token);
        return visit.then(show, (error) => {
          widget?.changeVisitor();
          refuse(error);
          throw error;
        });
      });
      shown = named.catch(() => {});
      return named;
    },
    /** Calls `listener` when it happens. @param {string} name @param {Listener} listener @returns {() => void} ends it */
    on: (name, listener) => {
      const all = listeners.get(name) ?? new Set();
      listeners.set(name, all.add(listener));
      if (name === "ready" && widget) queueMicrotask(() => all.has(listener) && listener({}));
      return () => void all.delete(listener);
    },
    /** Takes the widget off the page. */
    destroy: () => {
      over = true;
      widget?.remove();
      widget = null;
      listeners.clear();
      mounted().delete(key);
      if (Reflect.get(window, "Pernoex")?.key === key) Reflect.deleteProperty(window, "Pernoex");
    },
    key,
  };
}

/** Keys whose widget this page shows, whichever copy of the script did it. @returns {Set<string>} */
function mounted() {
  const known = Reflect.get(window, Symbol.for(TAG)) ?? new Set();
  Reflect.set(window, Symbol.for(TAG), known);
  return known;
}

const script = globalThis.document?.currentScript; // Known only while the script runs for the first time; null in a module.

if (script && script instanceof HTMLScriptElement) {
  const { key, userToken, language } = script.dataset;
  if (!key) console.warn("Pernoex: the script tag has no data-key, so the widget is not shown.");
  else if (!mounted().has(key)) { // Or the snippet was pasted twice.
    mounted().add(key);
    const api = createWidget({ server: new URL(script.src).origin, key, userToken, language });
    if (!Reflect.has(window, "Pernoex")) Reflect.set(window, "Pernoex", api);
    dispatchEvent(new CustomEvent("pernoex:ready", { detail: api }));
  }
}
