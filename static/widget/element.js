/** `<pernoex-widget>`: the round button, the panel, its form and its keys. */
import { contrast, legible, rgb } from "./color.js";
import { h, icon } from "./nodes.js";
import { pageIsDark, watchPage } from "./page.js";
import { prose } from "./prose.js";
import { CSS } from "./style.js";
import { Talk } from "./talk.js";
import { httpTransport } from "./transport.js";

/** @typedef {import("./types.js").Settings} Settings */
/** @typedef {import("./types.js").Transport} Transport */

export const TAG = "pernoex-widget";
const LONGEST = 2000;

/** @type {Settings} */
const DEFAULTS = { title: "Ask a question", greeting: "", color: "#2457d6", position: "right", suggestions: [] };
const phone = matchMedia("(max-width: 480px)");
/** @type {CSSStyleSheet | undefined} */
let sheet;

export class PernoexWidget extends HTMLElement {
  #settings = DEFAULTS;
  /** @type {Transport | null} */
  #transport = null;
  #awaited = false;
  #unwatch = () => {};

  #title = h("h2", { id: "title", dir: "auto" });
  #greeting = h("div", { class: "text", dir: "auto" });
  #chips = h("div", { class: "chips", role: "group", "aria-label": "Suggested questions" });
  #talk = new Talk({ transport: () => this.transport, intro: [this.#greeting, this.#chips], changed: () => this.#talked(), again: () => this.#input.focus() });
  #input = h("textarea", { rows: 1, maxlength: LONGEST, placeholder: "Ask a question…", "aria-label": "Your question", enterkeyhint: "send", dir: "auto", input: () => this.#typed(), keydown: (event) => this.#keyInInput(/** @type {KeyboardEvent} */ (event)) });
  #send = h("button", { type: "submit", class: "icon send" });
  #leftOver = h("p", { class: "left-over", hidden: true });
  #close = h("button", { type: "button", class: "icon", "aria-label": "Close", click: () => this.close() }, icon("close"));
  #panel = h("section", { class: "panel", id: "panel", "aria-labelledby": "title", hidden: true },
    h("header", {}, h("div", {}, this.#title, h("p", {}, "Answers from the documentation")), this.#close),
    this.#talk.log,
    h("form", { submit: (event) => this.#submit(event) }, h("div", { class: "box" }, this.#input, this.#send), this.#leftOver),
    this.#talk.status);
  #launcher = h("button", { type: "button", class: "launcher", "aria-haspopup": "dialog", "aria-expanded": "false", "aria-controls": "panel", click: () => (this.#panel.hidden ? this.open() : this.close()) });
  #root = h("div", { class: "root" }, this.#panel, this.#launcher);

  constructor() {
    super();
    // Open, not closed: a closed root keeps nobody out (the page's own scripts may patch attachShadow before we run), but it would hide the widget
    // from the accessibility checkers and tests of the people who embed it.
    const shadow = this.attachShadow({ mode: "open" });
    if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(CSS);
    shadow.adoptedStyleSheets = [sheet];
    shadow.append(this.#root);
    this.#root.addEventListener("keydown", (event) => this.#key(event));
    // Outside, keys seem to come from <pernoex-widget>, not from a text field: the page's shortcuts would take the visitor's letters.
    for (const name of ["keydown", "keypress", "keyup"]) this.#root.addEventListener(name, (event) => event.stopPropagation());
    this.#talked();
  }

  get settings() {
    return this.#settings;
  }
  /** @param {Partial<Settings>} value */
  set settings(value) {
    this.#settings = { ...DEFAULTS, ...value };
    if (!/^#[0-9a-f]{6}$/i.test(this.#settings.color)) this.#settings.color = DEFAULTS.color;
    this.#showSettings();
  }

  get transport() {
    this.#transport ??= httpTransport(this.dataset["server"] ?? location.origin, this.dataset["key"] ?? "");
    return this.#transport;
  }
  set transport(value) {
    this.#transport = value;
  }

  get inline() {
    return this.hasAttribute("inline");
  }
  set inline(value) {
    this.toggleAttribute("inline", Boolean(value));
  }

  static observedAttributes = ["inline"];
  attributeChangedCallback() {
    this.#showMode();
  }

  connectedCallback() {
    // Properties set before the element was defined shadow the accessors: hand them over.
    for (const name of /** @type {const} */ (["settings", "transport", "inline"])) {
      if (!Object.hasOwn(this, name)) continue;
      const value = /** @type {any} */ (this)[name];
      delete (/** @type {any} */ (this)[name]);
      /** @type {any} */ (this)[name] = value;
    }
    phone.addEventListener("change", this.#showMode);
    visualViewport?.addEventListener("resize", this.#fitKeyboard);
    visualViewport?.addEventListener("scroll", this.#fitKeyboard);
    this.#unwatch = watchPage(this.#showTheme);
    this.#showTheme();
    this.#showSettings();
    this.#showMode();
  }

  disconnectedCallback() {
    phone.removeEventListener("change", this.#showMode);
    visualViewport?.removeEventListener("resize", this.#fitKeyboard);
    visualViewport?.removeEventListener("scroll", this.#fitKeyboard);
    this.#unwatch();
    this.#talk.stop();
  }

  open() {
    if (this.inline) return this.#input.focus();
    this.#panel.hidden = false;
    this.#showTheme();
    this.#showMode();
    this.#talk.begin();
    this.#input.focus();
  }

  close() {
    if (this.inline || this.#panel.hidden) return;
    this.#panel.hidden = true;
    this.#showMode();
    this.#launcher.focus();
  }

  /* ---- appearance */

  #showTheme = () => void this.#root.classList.toggle("dark", pageIsDark());

  #showSettings() {
    const { title, greeting, color, position, suggestions } = this.#settings;
    const brand = rgb(color);
    const dark = contrast(brand, [0, 0, 0]) > contrast(brand, [255, 255, 255]);
    const style = this.#root.style;
    style.setProperty("--brand", color);
    style.setProperty("--on-brand", dark ? "#000" : "#fff");
    style.setProperty("--rim", dark ? "rgb(0 0 0/.16)" : "rgb(255 255 255/.16)");
    style.setProperty("--accent-light", legible(brand, [245, 246, 248], 0));
    style.setProperty("--accent-dark", legible(brand, [32, 35, 42], 255));
    this.#root.classList.toggle("left", position === "left");
    this.#title.textContent = title || DEFAULTS.title;
    this.#launcher.setAttribute("aria-label", title || DEFAULTS.title);
    this.#greeting.hidden = greeting === "";
    this.#greeting.replaceChildren(...prose(greeting, () => null));
    this.#chips.replaceChildren(...suggestions.map((text) => h("button", { type: "button", class: "chip", dir: "auto", click: () => this.#suggested(text) }, text)));
    this.#showChips();
  }

  #showMode = () => {
    const { inline } = this;
    const open = inline || !this.#panel.hidden;
    const full = open && !inline && phone.matches;
    this.#panel.hidden = !open;
    this.#panel.setAttribute("role", inline ? "group" : "dialog");
    if (full) this.#panel.setAttribute("aria-modal", "true");
    else this.#panel.removeAttribute("aria-modal");
    this.#close.hidden = inline;
    this.#launcher.hidden = inline;
    this.#launcher.setAttribute("aria-expanded", String(open));
    this.#launcher.replaceChildren(icon(open ? "down" : "chat"));
    if (open) this.#launcher.classList.remove("news");
    this.#root.classList.toggle("open", open);
    this.#fitKeyboard();
    if (inline && this.isConnected) this.#talk.begin();
  };

  /** Full-screen on a phone, the panel ends where the on-screen keyboard begins. */
  #fitKeyboard = () => {
    const view = visualViewport;
    if (!view || !phone.matches || view.scale > 1.01) {
      this.#root.style.removeProperty("--tall");
      this.#root.style.removeProperty("--top");
      return;
    }
    this.#root.style.setProperty("--tall", `${view.height}px`);
    this.#root.style.setProperty("--top", `${view.offsetTop}px`);
  };

  #showChips() {
    this.#chips.hidden = this.#settings.suggestions.length === 0 || !this.#talk.empty;
  }

  /** An answer is awaited, or is there. */
  #talked() {
    const { busy, log } = this.#talk;
    this.#send.replaceChildren(icon(busy ? "stop" : "send"));
    this.#send.setAttribute("aria-label", busy ? "Stop" : "Send");
    log.setAttribute("aria-busy", String(busy));
    if (this.#awaited && !busy && this.#panel.hidden) this.#launcher.classList.add("news");
    this.#awaited = busy;
    this.#showChips();
    this.#typed();
  }

  /* ---- keys */

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (this.inline || event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      this.close();
    } else if (event.key === "Tab" && phone.matches && !this.#panel.hidden) {
      const stops = [...this.#panel.querySelectorAll("button:enabled, a[href], textarea, [tabindex]")].filter((element) => element.getClientRects().length > 0);
      const [edge, next] = event.shiftKey ? [stops.at(0), stops.at(-1)] : [stops.at(-1), stops.at(0)];
      if (this.shadowRoot?.activeElement !== edge || !(next instanceof HTMLElement)) return;
      event.preventDefault();
      next.focus();
    }
  }

  /** @param {KeyboardEvent} event */
  #keyInInput(event) {
    // 229: Safari ends a composition before it reports the Enter that accepted it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    if (!this.#talk.busy) this.#submit(event);
  }

  #typed() {
    const input = this.#input;
    const left = LONGEST - input.value.length;
    input.style.blockSize = "auto";
    if (input.scrollHeight > 0) input.style.blockSize = `${input.scrollHeight}px`;
    this.#send.disabled = !this.#talk.busy && input.value.trim() === "";
    this.#leftOver.hidden = left > 200;
    this.#leftOver.textContent = `${left} characters left`;
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    if (this.#talk.busy) return this.#talk.stop();
    const question = this.#input.value.trim();
    if (question === "") return;
    this.#input.value = "";
    void this.#talk.ask(question);
  }

  /** @param {string} question */
  #suggested(question) {
    this.#input.focus();
    if (!this.#talk.busy) void this.#talk.ask(question);
  }
}

if (!customElements.get(TAG)) customElements.define(TAG, PernoexWidget);
