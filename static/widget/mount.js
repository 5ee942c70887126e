/** What the script tag does: ask the server whether this page may show the widget, then show it. */
import { PernoexWidget, TAG } from "./element.js";
import { httpTransport } from "./transport.js";

/** @typedef {import("./types.js").Trouble} Trouble */

const script = document.currentScript; // Known only while the script runs for the first time; null in a module.

/** Shows the widget once the server has said that this page may. @param {HTMLScriptElement} from */
async function mount(from) {
  const key = from.dataset["key"];
  const server = new URL(from.src).origin;
  if (!key) return console.warn("Pernoex: the script tag has no data-key, so the widget is not shown.");
  const mounted = /** @type {Set<string>} */ (Reflect.get(window, Symbol.for(TAG)) ?? new Set());
  Reflect.set(window, Symbol.for(TAG), mounted);
  if (mounted.has(key)) return; // The snippet was pasted twice.
  mounted.add(key);
  const transport = httpTransport(server, key);
  /** @param {unknown} error */
  const refuse = (error) => {
    const { code, status } = /** @type {Trouble} */ (error ?? {});
    const reason = code === "origin_not_allowed" ? `${location.origin} is not among the allowed websites of this key`
      : status === 404 ? "its data-key is not known" : status ? `the server answered ${status}` : `${server} could not be asked, or does not allow ${location.origin}`;
    console.warn(`Pernoex: ${reason}, so the widget is not shown.`);
  };
  try {
    const { title, greeting, color, position, suggestions } = await transport.visit();
    const widget = /** @type {PernoexWidget} */ (document.createElement(TAG));
    widget.dataset["key"] = key;
    widget.transport = transport;
    widget.settings = { title, greeting, color, position, suggestions };
    if (!document.body) await new Promise((ready) => addEventListener("DOMContentLoaded", ready, { once: true }));
    document.body.append(widget);
  } catch (error) {
    refuse(error);
  }
}

if (script instanceof HTMLScriptElement) void mount(script);
