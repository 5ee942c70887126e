/**
 * The Pernoex chat widget: `<script src="https://HOST/widget.js" data-key="pk_…" async></script>`.
 *
 * A classic script and an ES module at once, hence no import, no export and one closure. As a classic script it mounts itself; imported, it
 * only defines `<pernoex-widget>`. It runs on other people's pages: nodes are made one by one (never from markup, so Trusted Types has nothing to
 * object to), styles are adopted sheets (so no `style-src` is needed), and nothing but the API of the script's own origin is fetched.
 */
(() => {
  "use strict";

  /**
   * @typedef {{ title: string, greeting: string, color: string, position: "right" | "left", suggestions: string[] }} Settings
   * @typedef {{ n: number, title: string, section: string[], excerpt: string, link: string | null }} Citation
   * @typedef {{ message: string, outcome: "answered" | "unanswered", text: string, citations: Citation[], closest: Citation[], helpful?: boolean | null }} Answer
   * @typedef {{ id: string, role: "visitor" | "assistant", text: string, outcome?: Answer["outcome"], citations?: Citation[], closest?: Citation[], helpful?: boolean | null }} Turn
   * @typedef {{ status?: number, code?: string, detail?: string, message?: string, retry_after?: number, retryAfter?: number | null }} Trouble
   * @typedef {{ type: string, data: unknown }} AskEvent
   * @typedef {{
   *   ask(question: string, options: { signal: AbortSignal }): AsyncIterable<AskEvent>,
   *   feedback(message: string, helpful: boolean | null): Promise<void>,
   *   history(): Promise<{ turns: Turn[] }>,
   * }} Transport
   * @typedef {Settings & { token: string, conversation: string | null }} Visit
   */

  const TAG = "pernoex-widget";
  const script = document.currentScript; // Known only while the script runs for the first time; null in a module.
  const QUIET_FOR = 60_000; // A stream that says nothing for this long is given up.

  const CSS = `
:host{all:initial;display:block;position:relative;block-size:600px}
:host(:not([inline])){all:initial!important;display:block!important;position:fixed!important;inset:auto 0 0 auto!important;z-index:2147483000!important}
:host([hidden]){display:none!important}
@media print{:host(:not([inline])){display:none!important}}
*,*::before,*::after{box-sizing:border-box}
[hidden]{display:none!important}
.root{--surface:#fff;--raised:#f5f6f8;--line:#e2e5ea;--edge:#868d9a;--text:#1b1e25;--muted:#596070;--accent:var(--accent-light);--bad:#b3261e;
 --shade:0 0 0 1px rgb(15 20 30/.06),0 4px 10px rgb(15 20 30/.06),0 18px 48px rgb(15 20 30/.18);
 color-scheme:light;color:var(--text);font:400 15px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;text-align:start;-webkit-text-size-adjust:100%}
:host([inline]) .root{block-size:100%}
@media(prefers-color-scheme:dark){.root{--surface:#16181d;--raised:#20232a;--line:#31353f;--edge:#747c8b;--text:#eceef2;--muted:#a7adba;--accent:var(--accent-dark);--bad:#ff9d94;
 --shade:0 0 0 1px rgb(255 255 255/.09),0 18px 48px rgb(0 0 0/.6);color-scheme:dark}}
button,textarea{font:inherit;color:inherit;margin:0}
button{background:none;border:0;padding:0;cursor:pointer;text-align:start;-webkit-tap-highlight-color:transparent}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
svg{display:block;flex:none;inline-size:20px;block-size:20px;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.sr{position:absolute;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.launcher{position:fixed;bottom:20px;right:20px;display:grid;place-items:center;inline-size:58px;block-size:58px;border-radius:50%;background:var(--brand);color:var(--on-brand);
 border:1px solid var(--rim);box-shadow:0 2px 6px rgb(15 20 30/.16),0 10px 28px rgb(15 20 30/.24);transition:transform .16s ease}
.launcher:hover{transform:translateY(-2px)}
.launcher svg{inline-size:26px;block-size:26px}
.launcher:focus-visible{outline-offset:3px;outline-width:3px}
.launcher.news::after{content:"";position:absolute;top:0;right:0;inline-size:16px;block-size:16px;border-radius:50%;background:#d92d20;border:3px solid #fff}
.panel{display:flex;flex-direction:column;overflow:hidden;background:var(--surface);border-radius:18px;box-shadow:var(--shade);position:relative;block-size:100%}
:host(:not([inline])) .panel{position:fixed;bottom:92px;right:20px;inline-size:400px;max-inline-size:calc(100vw - 40px);block-size:min(660px,calc(100dvh - 116px));
 animation:rise .2s cubic-bezier(.2,.8,.3,1);transform-origin:bottom right}
.left .launcher{right:auto;left:20px}
:host(:not([inline])) .left .panel{right:auto;left:20px;transform-origin:bottom left}
@keyframes rise{from{opacity:0;transform:translateY(10px) scale(.98)}}
header{display:flex;align-items:center;gap:12px;flex:none;padding-block:15px;padding-inline:20px 14px;background:var(--brand);color:var(--on-brand);border-block-end:1px solid var(--rim)}
header :focus-visible{outline-color:var(--on-brand)}
header div{flex:1;min-inline-size:0}
h2{margin:0;font-size:16px;line-height:1.35;font-weight:650;letter-spacing:-.005em;overflow-wrap:anywhere;text-align:-webkit-match-parent;text-align:match-parent}
header p{margin:0;font-size:13px;line-height:1.4}
.icon{display:grid;place-items:center;inline-size:36px;block-size:36px;border-radius:10px;flex:none}
header .icon:hover{background:color-mix(in srgb,currentColor 14%,transparent)}
.log{flex:1;min-block-size:0;overflow-y:auto;overscroll-behavior:contain;padding:20px;display:flex;flex-direction:column;gap:16px;scrollbar-width:thin;overflow-wrap:anywhere}
.log:focus-visible{outline-offset:-3px}
.log>*{flex:none}
.log p,.log ul,.log ol{margin:0 0 10px;padding:0}
.log p{white-space:pre-line}
.text>:last-child{margin-block-end:0}
.text ul,.text ol{padding-inline-start:22px}
.text li{margin-block-end:4px;padding-inline-start:2px}
.text li::marker{color:var(--muted)}
code{font:.88em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--raised);border:1px solid var(--line);border-radius:5px;padding:1px 5px}
.chips{display:flex;flex-direction:column;align-items:flex-start;gap:8px}
.chip{padding:8px 14px;border:1px solid var(--line);border-radius:12px;font-size:14px;line-height:1.4;color:var(--accent);font-weight:550;transition:background .12s}
.chip:hover{background:var(--raised);border-color:var(--edge)}
.asked{align-self:flex-end;max-inline-size:86%;padding:9px 14px;border-radius:16px;border-end-end-radius:5px;background:var(--brand);color:var(--on-brand);border:1px solid var(--rim);white-space:pre-wrap}
.wait{display:flex;align-items:center;gap:10px;color:var(--muted);font-size:14px}
.dots{display:flex;gap:4px}
.dots i{inline-size:6px;block-size:6px;border-radius:50%;background:var(--accent);animation:pulse 1.2s infinite}
.dots i:nth-child(2){animation-delay:.15s}.dots i:nth-child(3){animation-delay:.3s}
@keyframes pulse{0%,60%,100%{opacity:.25}30%{opacity:1}}
.cite{display:inline-grid;place-items:center;vertical-align:1px;inline-size:24px;block-size:24px;margin-block:-3px;margin-inline:-1px;border-radius:7px}
.num{display:inline-grid;place-items:center;min-inline-size:18px;block-size:18px;padding-inline:4px;border-radius:6px;background:var(--raised);border:1px solid var(--line);color:var(--accent);
 font-size:11px;line-height:1;font-weight:650;font-variant-numeric:tabular-nums;flex:none}
.keep{white-space:nowrap}
.cite:hover .num,[aria-expanded=true]>.num{background:var(--brand);color:var(--on-brand);border-color:var(--rim)}
.text .num{vertical-align:1px}.text :not(.cite)>.num{margin-inline:2px}
h3{margin:14px 0 6px;font-size:12px;line-height:1.4;font-weight:600;color:var(--muted)}
.log ul.sources{list-style:none;margin:0;border:1px solid var(--line);border-radius:12px;overflow:hidden}
.sources li+li{border-block-start:1px solid var(--line)}
.source{display:flex;align-items:center;gap:10px;inline-size:100%;padding:9px 12px;font-size:13.5px;line-height:1.4}
.source:hover{background:var(--raised)}
.source:focus-visible{outline-offset:-2px;border-radius:12px}
.source .name{flex:1;min-inline-size:0;text-align:-webkit-match-parent;text-align:match-parent}
.source b{font-weight:600}
.source .trail{color:var(--muted)}
.source svg{inline-size:16px;block-size:16px;color:var(--muted);transition:transform .16s}
.source[aria-expanded=true] svg{transform:rotate(180deg)}
.more{padding:2px 12px 12px;font-size:13.5px;line-height:1.55}
.log .more p{margin:0 0 8px;padding-inline-start:10px;border-inline-start:2px solid var(--line);color:var(--muted)}
.more a{display:inline-flex;align-items:center;gap:5px;min-block-size:24px;color:var(--accent);font-weight:600;text-underline-offset:3px}
.more svg{inline-size:15px;block-size:15px}
.rate{display:flex;align-items:center;gap:2px;margin-block-start:10px;color:var(--muted);font-size:13px;min-block-size:32px}
.rate span{margin-inline-end:6px}
.rate .icon{inline-size:32px;block-size:32px}
.rate svg{inline-size:18px;block-size:18px}
.rate .icon:hover{background:var(--raised);color:var(--text)}
.rate [aria-pressed=true]{color:var(--accent)}
.rate [aria-pressed=true] path{fill:color-mix(in srgb,currentColor 22%,transparent)}
.rate .down svg{transform:rotate(180deg)}
.unsure{padding:12px 14px;border-radius:12px;background:var(--raised);border:1px solid var(--line)}
.note{margin:8px 0 0;color:var(--muted);font-size:13px}
.fault{padding:12px 14px;border-radius:12px;border:1px solid var(--line);border-inline-start:3px solid var(--bad);font-size:14px;line-height:1.5}
.log .fault p{margin:0}
.again{margin-block-start:10px;padding:5px 14px;border-radius:9px;border:1px solid var(--edge);font-weight:600;font-size:13.5px}
.again:hover:enabled{background:var(--raised)}
.again:disabled{border-color:var(--line);color:var(--muted);cursor:default}
form{flex:none;margin:0;padding:4px 14px 14px;padding-block-end:max(14px,env(safe-area-inset-bottom))}
.box{display:flex;align-items:flex-end;gap:6px;padding:5px;border:1px solid var(--edge);border-radius:16px;background:var(--surface)}
.box:has(textarea:focus-visible){border-color:var(--accent);box-shadow:0 0 0 1px var(--accent)}
textarea{flex:1;min-inline-size:0;resize:none;border:0;background:none;padding-block:6px;padding-inline:11px 4px;max-block-size:132px;line-height:1.6;block-size:36px;scrollbar-width:thin}
textarea:focus-visible{outline:none}
textarea::placeholder{color:var(--muted);opacity:1}
.send{background:var(--brand);color:var(--on-brand);border:1px solid var(--rim);border-radius:11px}
.send:disabled{background:var(--raised);color:var(--muted);border-color:var(--line);cursor:default}
.send .square{fill:currentColor}
.left-over{margin:6px 4px 0;font-size:12px;line-height:1.3;color:var(--muted);text-align:end}
@media(max-width:480px){
 :host(:not([inline])) .root .panel{top:var(--top,0);left:0;right:0;bottom:auto;inline-size:100%;max-inline-size:none;block-size:var(--tall,100dvh);border-radius:0}
 :host(:not([inline])) header{padding-block-start:max(15px,env(safe-area-inset-top))}
 .open .launcher{display:none}
 textarea{font-size:16px}
}
@media(prefers-reduced-motion:reduce){*,*::before,*::after{animation:none!important;transition:none!important;scroll-behavior:auto!important}.dots i{opacity:.6}}
@media(forced-colors:active){.panel,.launcher,.asked{border:1px solid CanvasText}}
`;
  const ICONS = {
    chat: "M6 4.5h12a3 3 0 0 1 3 3v6a3 3 0 0 1-3 3h-6.2L7 20.5v-4H6a3 3 0 0 1-3-3v-6a3 3 0 0 1 3-3ZM8 9h8M8 12.3h5",
    close: "m6.5 6.5 11 11m0-11-11 11",
    down: "m6 9.5 6 6 6-6",
    send: "M12 18.5v-13m-5.5 5.5L12 5.5l5.5 5.5",
    stop: "M8 7.5h8a.5.5 0 0 1 .5.5v8a.5.5 0 0 1-.5.5H8a.5.5 0 0 1-.5-.5V8a.5.5 0 0 1 .5-.5Z",
    thumb: "M7.5 11v9M7.5 11l3.6-7a2.3 2.3 0 0 1 2.3 2.3V9.5h4.7a2 2 0 0 1 2 2.3l-1 6.5a2 2 0 0 1-2 1.7H5.5a1.5 1.5 0 0 1-1.5-1.5v-6A1.5 1.5 0 0 1 5.5 11h2Z",
    out: "M14 5h5v5m0-5-8 8m6.5 1.5V18a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V7.5a1 1 0 0 1 1-1h3.5",
  };

  /* ---------------------------------------------------------------- nodes */

  /**
   * @template {keyof HTMLElementTagNameMap} K
   * @param {K} tag
   * @param {Record<string, string | number | boolean | null | ((event: Event) => void)>} [attributes] a function is a listener, `true` an empty attribute, `false` and `null` none
   * @param {...(Node | string)} children
   * @returns {HTMLElementTagNameMap[K]}
   */
  function h(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") element.addEventListener(name, value);
      else if (value !== false && value !== null) element.setAttribute(name, value === true ? "" : String(value));
    }
    element.append(...children);
    return element;
  }

  /** @param {keyof typeof ICONS} name */
  function icon(name) {
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    picture.setAttribute("viewBox", "0 0 24 24");
    picture.setAttribute("aria-hidden", "true");
    if (name === "stop") picture.setAttribute("class", "square");
    path.setAttribute("d", ICONS[name]);
    picture.append(path);
    return picture;
  }

  /** Text for screen readers only. @param {string} text */
  const unseen = (text) => h("span", { class: "sr" }, text);

  let ids = 0;

  /* --------------------------------------------------------------- colour */

  /** @typedef {[number, number, number]} Rgb */

  /** @param {string} hex @returns {Rgb} */
  const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)).reduce((all, value, at) => ((all[at] = value), all), /** @type {Rgb} */ ([0, 0, 0]));

  /** Relative luminance as WCAG 2 defines it. @param {Rgb} color */
  function luminance(color) {
    const [r, g, b] = /** @type {Rgb} */ (color.map((value) => (value <= 10 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4)));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  /** @param {Rgb} a @param {Rgb} b */
  function contrast(a, b) {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
  }

  /** The brand colour, moved towards `end` just far enough to be read on `background`. @param {Rgb} brand @param {Rgb} background @param {number} end */
  function legible(brand, background, end) {
    let color = brand;
    for (let step = 1; contrast(color, background) < 4.6 && step <= 20; step += 1) {
      color = /** @type {Rgb} */ (brand.map((value) => Math.round(value + ((end - value) * step) / 20)));
    }
    return `rgb(${color.join(" ")})`;
  }

  /* ----------------------------------------------------------- plain text */

  /**
   * The answer grammar: paragraphs, "- " and "1. " items, `code`, [n]. Anything else is text.
   * @param {string} text
   * @param {(n: number) => Node | null} cite makes the mark for [n]; null leaves the text alone
   * @returns {HTMLElement[]}
   */
  function prose(text, cite) {
    /** @type {HTMLElement[]} */
    const blocks = [];
    let open = /** @type {HTMLElement | null} */ (null); // The paragraph or list that the next line continues.
    for (const line of text.split(/\r?\n/)) {
      const item = /^\s{0,3}(?:-|(\d{1,4})\.)\s+(\S.*)$/.exec(line);
      const within = open?.localName;
      if (line.trim() === "") {
        if (within === "p") open = null; // A blank line between two items does not end their list.
      } else if (item) {
        const list = item[1] ? "ol" : "ul";
        if (!open || within !== list) blocks.push((open = h(list, { dir: "auto" })));
        open.append(h("li", item[1] ? { value: item[1] } : {}, ...inline(item[2] ?? "", cite)));
      } else if (open && within === "p") open.append("\n", ...inline(line, cite));
      else blocks.push((open = h("p", { dir: "auto" }, ...inline(line, cite))));
    }
    return blocks;
  }

  /** @param {string} line @param {(n: number) => Node | null} cite @returns {(Node | string)[]} */
  function inline(line, cite) {
    /** @type {(Node | string)[]} */
    const nodes = [];
    for (const part of line.split(/(`[^`]+`|\s*\[\d{1,3}\])/)) {
      const mark = /^\s*\[(\d+)\]$/.exec(part);
      const cited = mark && cite(Number(mark[1]));
      if (cited) {
        // A mark stays on the line of the word before it.
        const before = nodes.pop() ?? "";
        const word = typeof before === "string" ? (/\S{1,24}$/.exec(before)?.[0] ?? "") : before;
        if (typeof before === "string") nodes.push(before.slice(0, before.length - String(word).length));
        nodes.push(h("span", { class: "keep" }, word, cited));
      } else nodes.push(/^`[^`]+`$/.test(part) ? h("code", {}, part.slice(1, -1)) : part);
    }
    return nodes;
  }

  /** Only absolute web addresses become links. @param {unknown} link */
  function webAddress(link) {
    try {
      const url = new URL(String(link));
      return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
    } catch {
      return null;
    }
  }

  /* ------------------------------------------------------------ transport */

  /** @param {Response} response @returns {Promise<Trouble>} */
  async function troubleOf(response) {
    const wait = Number(response.headers.get("retry-after"));
    /** @type {Trouble} */
    const trouble = { status: response.status, ...(wait > 0 ? { retry_after: wait } : {}) };
    return Object.assign(trouble, await response.json().catch(() => ({}))); // A proxy may answer in HTML: the status still tells.
  }

  /** Server-sent events out of a fetch body; chunks may end inside a line or a character. @param {ReadableStream<Uint8Array>} body @param {() => void} heard @returns {AsyncGenerator<AskEvent>} */
  async function* events(body, heard) {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    let type = "";
    let data = "";
    try {
      for (let ended = false; !ended; ) {
        const { value, done } = await reader.read();
        heard();
        ended = done;
        rest += done ? decoder.decode() + "\n\n" : decoder.decode(value, { stream: true });
        // A carriage return at the very end waits for the next chunk: its line feed may still be on the way.
        const lines = rest.split(/\r\n|\n|\r(?!$)/);
        rest = lines.pop() ?? "";
        for (const line of lines) {
          if (line === "" && data !== "") yield { type, data: JSON.parse(data) };
          if (line === "") type = data = "";
          else if (line.startsWith("event:")) type = line.slice(6).trim();
          else if (line.startsWith("data:")) data += line.slice(5);
        }
      }
    } finally {
      void reader.cancel().catch(() => {});
    }
  }

  /**
   * The visitor's token, kept per key so that a conversation survives the next page. Storage may be blocked: then memory has to do.
   * @param {string} key
   */
  function tokenStore(key) {
    const slot = `pernoex.visitor.${key}`;
    return {
      read() {
        try {
          return localStorage.getItem(slot) ?? undefined;
        } catch {
          return undefined;
        }
      },
      /** @param {string | null} token */
      write(token) {
        try {
          if (token === null) localStorage.removeItem(slot);
          else localStorage.setItem(slot, token);
        } catch {
          // The conversation lasts as long as this page.
        }
      },
    };
  }

  /** @param {string} server @param {string} key @returns {Transport & { visit(): Promise<Visit> }} */
  function httpTransport(server, key) {
    const base = `${server}/api/v1/widget/${encodeURIComponent(key)}`;
    const store = tokenStore(key);
    /** @type {Promise<Visit> | null} */
    let current = null;

    /** @param {string} method @param {string} path @param {unknown} body @param {Record<string, string>} [headers] @param {AbortSignal} [signal] */
    async function send(method, path, body, headers = {}, signal) {
      /** @type {RequestInit} */
      const init = { method, headers, mode: "cors", credentials: "omit", cache: "no-store", referrerPolicy: "strict-origin" };
      if (signal) init.signal = signal;
      if (body !== undefined) {
        init.body = JSON.stringify(body);
        headers["content-type"] = "application/json";
      }
      const response = await fetch(base + path, init);
      if (!response.ok) throw await troubleOf(response);
      return response;
    }

    async function start() {
      const token = store.read();
      const response = await send("POST", "/visits", token ? { token } : {});
      const visit = /** @type {Visit} */ (await response.json());
      store.write(visit.token);
      return visit;
    }

    function visit() {
      const started = (current ??= start());
      started.catch(() => current === started && (current = null));
      return started;
    }

    /** As `send`, in the visitor's name. An expired token is replaced, once. @param {string} method @param {string} path @param {unknown} [body] @param {string} [accept] @param {AbortSignal} [signal] */
    async function sendAsVisitor(method, path, body, accept = "application/json", signal) {
      for (let renewed = false; ; renewed = true) {
        const used = visit();
        const { token } = await used;
        try {
          return await send(method, path, body, { accept, authorization: `Bearer ${token}` }, signal);
        } catch (error) {
          if (renewed || /** @type {Trouble} */ (error).code !== "visitor_token_invalid") throw error;
          if (current === used) {
            current = null;
            store.write(null);
          }
        }
      }
    }

    return {
      visit,
      async *ask(question, { signal }) {
        const quiet = new AbortController();
        const giveUp = () => quiet.abort();
        let timer = setTimeout(giveUp, QUIET_FOR);
        signal.addEventListener("abort", giveUp, { once: true });
        try {
          const response = await sendAsVisitor("POST", "/questions", { question }, "text/event-stream", quiet.signal);
          const streamed = response.headers.get("content-type")?.startsWith("text/event-stream");
          if (!streamed || !response.body) return yield { type: "done", data: await response.json() };
          yield* events(response.body, () => {
            clearTimeout(timer);
            timer = setTimeout(giveUp, QUIET_FOR);
          });
        } finally {
          clearTimeout(timer);
          signal.removeEventListener("abort", giveUp);
        }
      },
      async feedback(message, helpful) {
        await sendAsVisitor("POST", `/messages/${encodeURIComponent(message)}/feedback`, { helpful });
      },
      async history() {
        if ((await visit()).conversation === null) return { turns: [] };
        return (await sendAsVisitor("GET", "/conversation")).json();
      },
    };
  }

  /** What to tell a visitor about a failure, and whether asking again can help. @param {unknown} error @returns {{ say: string, again: boolean, wait: number }} */
  function explain(error) {
    const { status, code, detail, message, retry_after, retryAfter } = /** @type {Trouble} */ (error ?? {});
    const wait = Math.ceil(retry_after ?? retryAfter ?? 0);
    if (status === 429) return { say: "That’s a lot of questions in a short time. Please wait a moment, then try again.", again: true, wait: wait || 20 };
    if (status === 422) return { say: detail || message || "This question cannot be sent.", again: false, wait: 0 };
    if (code === "origin_not_allowed" || status === 404) return { say: "This assistant is no longer available on this page.", again: false, wait: 0 };
    if (status) return { say: "Something went wrong on our side. Your question was not answered.", again: true, wait };
    return { say: "The answer could not be loaded. Check your connection, then try again.", again: true, wait: 0 };
  }

  /* -------------------------------------------------------------- element */

  /** @type {Settings} */
  const DEFAULTS = { title: "Ask a question", greeting: "", color: "#2457d6", position: "right", suggestions: [] };
  const phone = matchMedia("(max-width: 480px)");
  /** @type {CSSStyleSheet | undefined} */
  let sheet;

  class PernoexWidget extends HTMLElement {
    #settings = DEFAULTS;
    /** @type {Transport | null} */
    #transport = null;
    /** @type {AbortController | null} */
    #asking = null;
    /** Settles once the earlier conversation is shown, or is known to be out of reach. @type {Promise<void> | null} */
    #past = null;
    #forgone = false; // From the first question on, the past is no longer fetched into the log.

    #title = h("h2", { id: "title", dir: "auto" });
    #greeting = h("div", { class: "text", dir: "auto" });
    #chips = h("div", { class: "chips", role: "group", "aria-label": "Suggested questions" });
    #log = h("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": "Conversation", tabindex: 0 }, this.#greeting, this.#chips);
    #status = h("div", { class: "sr", role: "status" });
    #input = h("textarea", { rows: 1, maxlength: 2000, placeholder: "Ask a question…", "aria-label": "Your question", enterkeyhint: "send", dir: "auto", input: () => this.#typed(), keydown: (event) => this.#keyInInput(/** @type {KeyboardEvent} */ (event)) });
    #send = h("button", { type: "submit", class: "icon send" });
    #leftOver = h("p", { class: "left-over", hidden: true });
    #close = h("button", { type: "button", class: "icon", "aria-label": "Close", click: () => this.close() }, icon("close"));
    #panel = h("section", { class: "panel", id: "panel", "aria-labelledby": "title", hidden: true },
      h("header", {}, h("div", {}, this.#title, h("p", {}, "Answers from the documentation")), this.#close),
      this.#log,
      h("form", { submit: (event) => this.#submit(event) }, h("div", { class: "box" }, this.#input, this.#send), this.#leftOver),
      this.#status);
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
      this.#setSending(false);
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
      this.#showSettings();
      this.#showMode();
    }

    disconnectedCallback() {
      phone.removeEventListener("change", this.#showMode);
      visualViewport?.removeEventListener("resize", this.#fitKeyboard);
      visualViewport?.removeEventListener("scroll", this.#fitKeyboard);
      this.#asking?.abort();
    }

    open() {
      if (this.inline) return this.#input.focus();
      this.#panel.hidden = false;
      this.#showMode();
      this.#begin();
      this.#input.focus();
    }

    close() {
      if (this.inline || this.#panel.hidden) return;
      this.#panel.hidden = true;
      this.#showMode();
      this.#launcher.focus();
    }

    /* ---- appearance */

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
      if (inline && this.isConnected) this.#begin();
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
      this.#chips.hidden = this.#settings.suggestions.length === 0 || this.#log.querySelector(".asked") !== null;
    }

    /** @param {boolean} sending */
    #setSending(sending) {
      this.#send.replaceChildren(icon(sending ? "stop" : "send"));
      this.#send.setAttribute("aria-label", sending ? "Stop" : "Send");
      this.#log.setAttribute("aria-busy", String(sending));
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
      if (!this.#asking) this.#submit(event);
    }

    #typed() {
      const input = this.#input;
      const left = 2000 - input.value.length;
      input.style.blockSize = "auto";
      if (input.scrollHeight > 0) input.style.blockSize = `${input.scrollHeight}px`;
      this.#send.disabled = !this.#asking && input.value.trim() === "";
      this.#leftOver.hidden = left > 200;
      this.#leftOver.textContent = `${left} characters left`;
    }

    /** @param {Event} event */
    #submit(event) {
      event.preventDefault();
      if (this.#asking) return this.#asking.abort();
      const question = this.#input.value.trim();
      if (question === "") return;
      this.#input.value = "";
      void this.#ask(question);
    }

    /** @param {string} question */
    #suggested(question) {
      this.#input.focus();
      if (!this.#asking) void this.#ask(question);
    }

    /* ---- the conversation */

    #begin() {
      // Without its past, the conversation can still go on.
      this.#past ??= this.transport.history().then(({ turns }) => this.#recall(turns)).catch(() => {});
    }

    /** @param {Turn[]} turns */
    #recall(turns) {
      if (this.#forgone) return;
      const earlier = turns.map((turn) => (turn.role === "visitor" ? this.#asked(turn.text) : this.#answered({ message: turn.id, outcome: "answered", citations: [], closest: [], ...turn })));
      this.#log.setAttribute("aria-live", "off"); // Old messages are not news.
      this.#chips.after(...earlier);
      setTimeout(() => this.#log.setAttribute("aria-live", "polite"), 500);
      this.#showChips();
      this.#log.scrollTop = this.#log.scrollHeight;
    }

    /** @param {string} question @param {HTMLElement} [bubble] the question as it already stands in the log, when it is asked again */
    async #ask(question, bubble) {
      const asking = (this.#asking = new AbortController());
      const asked = bubble ?? this.#asked(question);
      const wait = h("div", { class: "wait" }, h("span", { class: "dots" }, h("i"), h("i"), h("i")), "Looking through the documentation…");
      // Hidden from screen readers while it grows: they hear the finished answer, once.
      const draft = h("div", { class: "text", "aria-hidden": "true" }, wait);
      if (!bubble) this.#log.append(asked);
      this.#log.append(draft);
      this.#showChips();
      this.#setSending(true);
      this.#status.textContent = "Looking for an answer.";
      this.#keepInView(asked);
      let text = "";
      let frame = 0;
      const paint = () => {
        frame = 0;
        draft.replaceChildren(...(text.trim() === "" ? [wait] : prose(text.replace(/(\[\d*|`[^`\n]*)$/, ""), (n) => h("span", { class: "num" }, String(n)))));
        this.#keepInView(asked);
      };
      /** @type {HTMLElement} */
      let result;
      try {
        result = this.#answered(await this.#read(question, asking.signal, (change) => {
          text = change(text);
          frame ||= requestAnimationFrame(paint);
        }));
      } catch (error) {
        result = asking.signal.aborted ? this.#stopped(text) : this.#failed(error, question, asked);
      }
      cancelAnimationFrame(frame);
      this.#asking = null;
      this.#setSending(false);
      this.#status.textContent = "";
      draft.replaceWith(result);
      if (this.#panel.hidden) this.#launcher.classList.add("news");
      this.#keepInView(asked);
    }

    /** Reads one answer to its end. @param {string} question @param {AbortSignal} signal @param {(change: (text: string) => string) => void} grow @returns {Promise<Answer>} */
    async #read(question, signal, grow) {
      // The past first, for a little while; if it came later it would repeat this question.
      await Promise.race([this.#past, new Promise((resolve) => setTimeout(resolve, 4000))]);
      this.#forgone = true;
      for await (const { type, data } of this.transport.ask(question, { signal })) {
        if (signal.aborted) break;
        if (type === "delta") grow((text) => text + /** @type {{ text: string }} */ (data).text);
        else if (type === "restart") grow(() => "");
        else if (type === "done") return /** @type {Answer} */ (data);
        else if (type === "problem") throw data;
      }
      throw new Error("the stream ended early");
    }

    /** Follows the answer downwards, until its question would leave at the top. @param {HTMLElement} asked */
    #keepInView(asked) {
      const log = this.#log;
      const wanted = Math.min(log.scrollHeight - log.clientHeight, asked.offsetTop - 14);
      if (wanted > log.scrollTop) log.scrollTop = wanted;
    }

    /** @param {string} text */
    #asked(text) {
      return h("div", { class: "asked", dir: "auto" }, unseen("You: "), text);
    }

    /** @param {Answer} answer */
    #answered({ message, outcome, text, citations, closest, helpful }) {
      const sure = outcome === "answered";
      const list = this.#sources(sure ? citations : closest, sure);
      const words = h("div", { class: "text" }, unseen("Answer: "), ...prose(text, (n) => list.mark(n)));
      // Only the words are announced; sources and buttons are there to be found.
      const extra = h("div", { "aria-live": "off" });
      if (list.shown) extra.append(h("h3", {}, sure ? "Sources" : "Closest pages"), list.shown);
      extra.append(this.#rating(message, helpful ?? null));
      return h("div", {}, sure ? words : h("div", { class: "unsure" }, words), extra);
    }

    /**
     * The list under an answer, and the numbered buttons in its text that open an entry of it.
     * @param {Citation[]} citations @param {boolean} numbered
     */
    #sources(citations, numbered) {
      /** @type {Map<number, { label: string, panel: string, buttons: HTMLElement[], toggle: (event: Event) => void }>} */
      const known = new Map();
      const shown = h("ul", { class: "sources" });
      for (const { n, title, section, excerpt, link } of citations) {
        const id = `source-${(ids += 1)}`;
        const href = webAddress(link);
        const more = h("div", { class: "more", id, hidden: true }, h("p", { dir: "auto" }, excerpt));
        if (href) more.append(h("a", { href, target: "_blank", rel: "noopener noreferrer" }, "Open the page", icon("out"), unseen(" (in a new tab)")));
        /** @type {HTMLElement[]} */
        const buttons = [];
        const toggle = (/** @type {Event} */ event) => {
          more.hidden = !more.hidden;
          for (const button of buttons) button.setAttribute("aria-expanded", String(!more.hidden));
          if (!more.hidden && event.currentTarget !== head) entry.scrollIntoView({ block: "nearest" });
        };
        const trail = section.filter((part) => part !== "" && part !== title).map((part) => ` › ${part}`).join("");
        const head = h("button", { type: "button", class: "source", "aria-expanded": "false", "aria-controls": id, click: toggle },
          ...(numbered ? [h("span", { class: "num" }, String(n))] : []), h("span", { class: "name", dir: "auto" }, h("b", {}, title), h("span", { class: "trail" }, trail)), icon("down"));
        const entry = h("li", {}, head, more);
        buttons.push(head);
        shown.append(entry);
        known.set(n, { label: `Source ${n}: ${title}${trail}`, panel: id, buttons, toggle });
      }
      /** @param {number} n */
      const mark = (n) => {
        const source = numbered && known.get(n);
        if (!source) return null;
        const button = h("button", { type: "button", class: "cite", "aria-label": source.label, "aria-expanded": "false", "aria-controls": source.panel, click: source.toggle }, h("span", { class: "num" }, String(n)));
        source.buttons.push(button);
        return button;
      };
      return { shown: citations.length > 0 ? shown : null, mark };
    }

    /** @param {string} message @param {boolean | null} helpful */
    #rating(message, helpful) {
      const said = h("span", { role: "status" }, "Was this helpful?");
      const up = h("button", { type: "button", class: "icon", "aria-label": "Helpful", click: () => rate(true) }, icon("thumb"));
      const down = h("button", { type: "button", class: "icon down", "aria-label": "Not helpful", click: () => rate(false) }, icon("thumb"));
      const show = () => {
        up.setAttribute("aria-pressed", String(helpful === true));
        down.setAttribute("aria-pressed", String(helpful === false));
      };
      /** @param {boolean} choice */
      const rate = async (choice) => {
        const before = helpful;
        const now = (helpful = helpful === choice ? null : choice);
        show();
        try {
          await this.transport.feedback(message, now);
          said.textContent = now === null ? "Was this helpful?" : "Thanks for telling us.";
        } catch {
          if (helpful === now) helpful = before;
          said.textContent = "That could not be saved.";
          show();
        }
      };
      show();
      return h("div", { class: "rate" }, said, up, down);
    }

    /** @param {string} text what had arrived */
    #stopped(text) {
      return h("div", { class: "text" }, ...prose(text, () => null), h("p", { class: "note" }, "You stopped this answer."));
    }

    /** @param {unknown} error @param {string} question @param {HTMLElement} asked */
    #failed(error, question, asked) {
      const { say, again, wait } = explain(error);
      const box = h("div", { class: "fault" }, h("p", {}, say));
      if (!again) return box;
      const retry = h("button", { type: "button", class: "again", "aria-live": "off", click: () => {
        if (this.#asking) return;
        box.remove();
        this.#input.focus();
        this.#log.append(asked);
        void this.#ask(question, asked);
      } });
      /** @param {number} left seconds */
      const count = (left) => {
        retry.disabled = left > 0;
        retry.textContent = left > 0 ? `Try again in ${left} s` : "Try again";
        if (left > 0) setTimeout(count, 1000, left - 1);
      };
      count(wait);
      box.append(retry);
      return box;
    }
  }

  if (!customElements.get(TAG)) customElements.define(TAG, PernoexWidget);

  /* ---------------------------------------------------------------- mount */

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
})();
