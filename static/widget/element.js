/** `<pernoex-widget>`: the round button, the panel, its form and its keys. */
import { isColor, luminance, palette, rgb } from "./color.js";
import { h, icon } from "./nodes.js";
import { pageIsDark, watchPage } from "./page.js";
import { prose } from "./prose.js";
import { CSS } from "./style.js";
import { Talk } from "./talk.js";
import { follow, say, speak, tongue } from "./texts.js";
import { httpTransport } from "./transport.js";

/** @typedef {import("./types.js").Memory} Memory */
/** @typedef {import("./types.js").Settings} Settings */
/** @typedef {import("./types.js").Transport} Transport */

export const TAG = "pernoex-widget";
const LONGEST = 2000;

const USUAL = { accent: null, background: null, text: null };
/** @type {Settings} */
const DEFAULTS = { title: "", greeting: "", color: "#2457d6", position: "right", suggestions: [], light: USUAL, dark: USUAL, scheme: "auto", offset_x: 20, offset_y: 20, launcher: "", logo: null, hand_off: false, user: null };
/** @type {Memory} */
const FORGETFUL = { read: () => ({}), note() {} };
/** @type {CSSStyleSheet | undefined} */
let sheet;

// Where there is no page, as in a server that renders one, there is no such class; importing must do no harm there.
const Base = /** @type {typeof HTMLElement} */ (globalThis.HTMLElement ?? class {});

export class PernoexWidget extends Base {
  #settings = DEFAULTS;
  /** @type {Transport | null} */
  #transport = null;
  #awaited = false;
  #unwatch = () => {};
  #phone = matchMedia("(max-width: 480px)");
  /** The logo that is shown, or being fetched. @type {string | null} */
  #drawn = null;
  /** What is kept for the next page. @type {Memory} */
  memory = FORGETFUL;
  /** Told of what happens. @type {(name: string, detail?: object) => void} */
  tell = () => {};

  #title = h("h2", { id: "title", dir: "auto" });
  #logo = h("canvas", { class: "logo", width: 72, height: 72, "aria-hidden": "true", hidden: true });
  #greeting = h("div", { class: "text", dir: "auto" });
  #chips = h("div", { class: "chips", role: "group", "aria-label": say("suggested") });
  #talk = new Talk({
    transport: () => this.transport,
    settings: () => this.#settings,
    intro: [this.#greeting, this.#chips],
    changed: () => this.#talked(),
    again: () => this.#input.focus(),
    tell: (name, detail) => this.tell(name, detail),
  });
  #input = h("textarea", { rows: 1, maxlength: LONGEST, placeholder: say("write"), "aria-label": say("question"), enterkeyhint: "send", input: () => this.#typed(), keydown: (event) => this.#keyInInput(/** @type {KeyboardEvent} */ (event)) });
  #send = h("button", { type: "submit", class: "icon send" });
  #leftOver = h("p", { class: "left-over", hidden: true });
  #person = h("button", { type: "button", class: "person", hidden: true, click: () => this.#talk.handOver() }, icon("person"), say("person"));
  #fresh = h("button", { type: "button", class: "icon", "aria-label": say("fresh"), title: say("fresh"), hidden: true, click: () => this.restart() }, icon("fresh"));
  #close = h("button", { type: "button", class: "icon", "aria-label": say("close"), click: () => this.close() }, icon("close"));
  #panel = h("section", { class: "panel", id: "panel", "aria-labelledby": "title", hidden: true },
    h("header", {}, this.#logo, h("div", {}, this.#title, h("p", {}, say("lead"))), this.#fresh, this.#close),
    this.#talk.log,
    h("form", { class: "ask", submit: (event) => this.#submit(event) }, h("div", { class: "box" }, this.#input, this.#send), h("div", { class: "foot" }, this.#person, this.#leftOver)),
    this.#talk.status);
  #label = h("span", { class: "label", dir: "auto" });
  #launcher = h("button", { type: "button", class: "launcher", "aria-haspopup": "dialog", "aria-expanded": "false", "aria-controls": "panel", click: () => this.toggle() });
  #root = h("div", { class: "root", ...tongue() }, this.#panel, this.#launcher);

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
    if (!isColor(this.#settings.color)) this.#settings.color = DEFAULTS.color;
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
  /** From here on widgets that are made speak this language. */
  static speak = speak;
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
    this.#phone.addEventListener("change", this.#showMode);
    visualViewport?.addEventListener("resize", this.#fitKeyboard);
    visualViewport?.addEventListener("scroll", this.#fitKeyboard);
    this.#unwatch = watchPage(this.#showTheme);
    this.#showSettings();
    this.#showMode();
    this.#resume();
  }

  disconnectedCallback() {
    this.#phone.removeEventListener("change", this.#showMode);
    visualViewport?.removeEventListener("resize", this.#fitKeyboard);
    visualViewport?.removeEventListener("scroll", this.#fitKeyboard);
    this.#unwatch();
    this.#talk.stop();
  }

  /** Goes on as it was left on the page before. On a phone the panel would hide where the visitor went: it stays closed. */
  #resume() {
    const { open, draft, fresh } = this.memory.read();
    if (fresh) this.#talk.fresh = true;
    if (draft && this.#input.value === "") this.#input.value = draft;
    if (open && !this.inline && !this.#phone.matches) {
      this.#root.classList.add("still");
      this.#show();
    }
    this.#typed();
  }

  #show() {
    this.#panel.hidden = false;
    this.#showTheme();
    this.#showMode();
    void this.#showLogo();
    this.#talk.begin();
  }

  open() {
    if (!this.inline && this.#panel.hidden) {
      this.#root.classList.remove("still");
      this.#show();
      this.memory.note({ open: true });
      this.tell("open");
    }
    this.#input.focus();
  }

  close() {
    if (this.inline || this.#panel.hidden) return;
    const within = this.shadowRoot?.activeElement;
    this.#panel.hidden = true;
    this.#showMode();
    if (within) this.#launcher.focus();
    this.memory.note({ open: false });
    this.tell("close");
  }

  toggle() {
    if (this.#panel.hidden) this.open();
    else this.close();
  }

  /** Begins a new conversation. */
  restart() {
    this.#talk.clear(true);
    this.#input.focus();
  }

  /** Another visitor is here, or the same by name: what they asked is shown, and nothing of anybody else. */
  changeVisitor() {
    this.#talk.clear(false);
    if (!this.#panel.hidden) this.#talk.begin();
  }

  /** @param {string} question */
  async ask(question) {
    const text = question.trim().slice(0, LONGEST);
    this.open();
    return text === "" || this.#talk.busy ? null : this.#talk.ask(text);
  }

  /* ---- appearance */

  #showTheme = () => {
    const { light, dark, scheme, color } = this.#settings;
    const isDark = scheme === "auto" ? pageIsDark() : scheme === "dark";
    const colors = palette(isDark ? dark : light, color, isDark);
    for (const [name, value] of Object.entries(colors)) this.#root.style.setProperty(`--${name}`, `rgb(${value.join(" ")})`);
    this.#root.classList.toggle("dark", luminance(colors.surface) < 0.18);
  };

  #showSettings() {
    const { title, greeting, position, suggestions, offset_x, offset_y, launcher, hand_off } = this.#settings;
    this.#root.style.setProperty("--x", `${offset_x}px`);
    this.#root.style.setProperty("--y", `${offset_y}px`);
    this.#root.classList.toggle("left", position.endsWith("left"));
    this.#root.classList.toggle("top", position.startsWith("top"));
    this.#title.textContent = title || say("title");
    this.#label.textContent = launcher;
    this.#launcher.setAttribute("aria-label", launcher || title || say("title"));
    this.#person.hidden = !hand_off;
    this.#greeting.hidden = greeting === "";
    this.#greeting.replaceChildren(...prose(greeting, () => null));
    this.#chips.replaceChildren(...suggestions.map((text) => h("button", { type: "button", class: "chip", dir: "auto", click: () => this.#suggested(text) }, text)));
    this.#showTheme();
    this.#showMode();
    this.#showChips();
    void this.#showLogo();
  }

  /** Once the panel is open. Drawn, not linked to: the page's policy need not allow another server's pictures. */
  async #showLogo() {
    const { logo } = this.#settings;
    if (logo === this.#drawn || this.#panel.hidden) return;
    this.#drawn = logo;
    this.#logo.hidden = true;
    const blob = logo && (await this.transport.logo?.().catch(() => null));
    const picture = blob && (await createImageBitmap(blob).catch(() => null));
    const canvas = this.#logo.getContext("2d");
    if (!picture || !canvas || this.#drawn !== logo) return;
    const scale = Math.min(72 / picture.width, 72 / picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    canvas.clearRect(0, 0, 72, 72);
    canvas.imageSmoothingQuality = "high";
    canvas.drawImage(picture, (72 - width) / 2, (72 - height) / 2, width, height);
    this.#logo.hidden = false;
  }

  #showMode = () => {
    const { inline } = this;
    const open = inline || !this.#panel.hidden;
    const full = open && !inline && this.#phone.matches;
    this.#panel.hidden = !open;
    this.#panel.setAttribute("role", inline ? "group" : "dialog");
    if (full) this.#panel.setAttribute("aria-modal", "true");
    else this.#panel.removeAttribute("aria-modal");
    this.#close.hidden = inline;
    this.#launcher.hidden = inline;
    this.#launcher.setAttribute("aria-expanded", String(open));
    const wide = !open && this.#label.textContent !== "";
    this.#launcher.classList.toggle("wide", wide);
    this.#launcher.replaceChildren(icon(open ? "down" : "chat"), ...(wide ? [this.#label] : []));
    if (open) this.#launcher.classList.remove("news");
    this.#root.classList.toggle("open", open);
    this.#fitKeyboard();
    if (inline && this.isConnected) this.#talk.begin();
  };

  /** Full-screen on a phone, the panel ends where the on-screen keyboard begins. */
  #fitKeyboard = () => {
    const view = visualViewport;
    if (!view || !this.#phone.matches || view.scale > 1.01) {
      this.#root.style.removeProperty("--tall");
      this.#root.style.removeProperty("--top");
      return;
    }
    this.#root.style.setProperty("--tall", `${view.height}px`);
    this.#root.style.setProperty("--top", `${view.offsetTop}px`);
  };

  #showChips() {
    this.#chips.hidden = this.#settings.suggestions.length === 0 || !this.#talk.empty;
    this.#fresh.hidden = this.#talk.empty;
  }

  /** An answer is awaited, or is there. */
  #talked() {
    const { busy, log, fresh } = this.#talk;
    this.#send.replaceChildren(icon(busy ? "stop" : "send"));
    this.#send.setAttribute("aria-label", say(busy ? "stop" : "send"));
    log.setAttribute("aria-busy", String(busy));
    if (this.#awaited && !busy && this.#panel.hidden) this.#launcher.classList.add("news");
    this.#awaited = busy;
    this.memory.note({ fresh });
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
    } else if (event.key === "Tab" && this.#phone.matches && !this.#panel.hidden) {
      const stops = [...this.#panel.querySelectorAll("button:enabled, a[href], input, textarea, [tabindex]")].filter((element) => element.getClientRects().length > 0);
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
    follow(input);
    input.style.blockSize = "auto";
    if (input.scrollHeight > 0) input.style.blockSize = `${input.scrollHeight}px`;
    this.#send.disabled = !this.#talk.busy && input.value.trim() === "";
    this.#leftOver.hidden = left > 200;
    this.#leftOver.textContent = say("left", { n: left });
    if (this.isConnected) this.memory.note({ draft: input.value });
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

if (globalThis.customElements && !customElements.get(TAG)) customElements.define(TAG, PernoexWidget);
