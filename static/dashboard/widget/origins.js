/** The list of websites that may show the widget: one line each, checked here for form and by the server for good. */
import { patch } from "../api.js";
import { h, replace, uid } from "../dom.js";
import { icon } from "../parts/icon.js";
import { notice, problemNotice } from "../parts/notice.js";
import { toast } from "../parts/toast.js";
import { asProblem, explain } from "../problem.js";

/** @typedef {import("../types.js").WidgetSetup} WidgetSetup */
/** @typedef {{ element: HTMLLIElement, input: HTMLInputElement, error: (text: string | null) => void }} Line */

/** @param {string} typed */
function tidy(typed) {
  const text = typed.trim().replace(/\/+$/, "");
  return text === "" || text.includes("://") ? text : `https://${text}`;
}

/** What is wrong with an origin, in one sentence; null when nothing is. @param {string} origin */
export function originTrouble(origin) {
  const parts = /^(https?):\/\/(\*\.)?([^/?#@*\s]+)$/.exec(origin);
  if (!parts) {
    if (/^https?:\/\/[^/]+[/?#]/.test(origin)) return "Leave out what comes after the domain.";
    if (origin.includes("*")) return "A star may only stand for subdomains, as in https://*.example.com.";
    return "Write it like https://www.example.com.";
  }
  if (parts[2] && parts[1] !== "https") return "A star needs https.";
  return URL.canParse(`${parts[1]}://${parts[3]}`) ? null : "This is not a complete domain.";
}

/**
 * @param {string} project
 * @param {WidgetSetup} setup
 * @param {(setup: WidgetSetup) => void} saved
 */
export function originsEditor(project, setup, saved) {
  const helpId = uid("origins-help");
  const list = h("ul", { class: "origins" });
  const trouble = h("div");
  const warning = h("div");
  const save = h("button", { type: "submit", class: "button primary" }, "Save domains");
  /** @type {Line[]} */
  let lines = [];
  let stored = JSON.stringify(setup.allowed_origins);
  const values = () => lines.map((line) => tidy(line.input.value)).filter((value) => value !== "");
  const dirty = () => JSON.stringify(values()) !== stored;
  const refresh = () => {
    save.disabled = !dirty();
    const none = values().length === 0;
    if (none !== (warning.childElementCount > 0)) {
      replace(warning, none && notice("warning", h("p", null, "The list is empty, so nobody can use the widget. Add the address of your website.")));
    }
  };

  /** @param {string} value */
  const add = (value) => {
    const line = originLine(value, helpId, refresh, () => {
      const at = lines.indexOf(line);
      lines = lines.filter((other) => other !== line);
      line.element.remove();
      refresh();
      (lines[Math.min(at, lines.length - 1)]?.input ?? more).focus();
    });
    lines.push(line);
    list.append(line.element);
    return line;
  };
  const more = h("button", { type: "button", class: "button", on: { click: () => add("").input.focus() } }, icon("plus"), "Add domain");
  for (const origin of setup.allowed_origins) add(origin);
  if (lines.length === 0) add("");

  const form = h("form", { class: "stack", novalidate: true },
    h("p", { class: "hint", id: helpId }, "Exact addresses such as https://www.example.com, or https://*.example.com for every subdomain. All other sites are refused."),
    warning, h("div", { class: "group" }, list, more), trouble, h("div", { class: "button-row" }, save));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.replaceChildren();
    // Empty lines are left out, so the server counts fewer lines than the page shows.
    const sent = lines.filter((line) => tidy(line.input.value) !== "");
    for (const line of sent) {
      line.input.value = tidy(line.input.value);
      line.error(originTrouble(line.input.value));
    }
    const wrong = sent.find((line) => line.input.hasAttribute("aria-invalid"));
    if (wrong) return wrong.input.focus();
    save.disabled = true;
    try {
      /** @type {WidgetSetup} */
      const next = await patch(`/projects/${project}/widget`, { allowed_origins: values() });
      stored = JSON.stringify(next.allowed_origins);
      lines.forEach((line) => line.element.remove());
      lines = [];
      for (const origin of next.allowed_origins) add(origin);
      if (lines.length === 0) add("");
      saved(next);
      toast("Domains saved");
    } catch (error) {
      const at = Number(/^allowed_origins\[(\d+)\]$/.exec(asProblem(error).field ?? "")?.[1] ?? -1);
      const line = sent[at];
      if (line) {
        line.error(explain(error));
        line.input.focus();
      } else {
        replace(trouble, problemNotice(error));
      }
    }
    refresh();
  });
  refresh();
  return { element: form, dirty };
}

/** @param {string} value @param {string} helpId @param {() => void} changed @param {() => void} removed @returns {Line} */
function originLine(value, helpId, changed, removed) {
  const errorId = uid("origin-error");
  const input = h("input", { type: "url", class: "input", value, placeholder: "https://www.example.com", "aria-label": "Allowed domain", "aria-describedby": helpId, spellcheck: "false", autocapitalize: "none", autocomplete: "off" });
  const message = h("p", { class: "field-error", id: errorId, hidden: true });
  const error = (/** @type {string | null} */ text) => {
    message.hidden = text === null;
    replace(message, text !== null && icon("alert"), text);
    if (text === null) input.removeAttribute("aria-invalid");
    else input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", text === null ? helpId : `${errorId} ${helpId}`);
  };
  input.addEventListener("input", () => {
    error(null);
    changed();
  });
  input.addEventListener("blur", () => (input.value = tidy(input.value)));
  const remove = h("button", { type: "button", class: "icon-button", "aria-label": "Remove domain", on: { click: removed } }, icon("trash"));
  const element = h("li", { class: "origin" }, h("div", { class: "origin-row" }, input, remove), message);
  return { element, input, error };
}
