/** Talking to the server in a visitor's name. */
import { keep } from "./memory.js";
import { say } from "./texts.js";

/** @typedef {import("./types.js").AskEvent} AskEvent */
/** @typedef {import("./types.js").Transport} Transport */
/** @typedef {import("./types.js").Trouble} Trouble */
/** @typedef {import("./types.js").Visit} Visit */

const QUIET_FOR = 60_000; // A stream that says nothing for this long is given up.

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

/** Where the visitor is, without what may be private in an address. */
function here() {
  const page = location.origin + location.pathname;
  return /^http/.test(page) && page.length <= 2000 ? { page } : {};
}

/**
 * @param {string} server
 * @param {string} key
 * @param {{ user?: string | undefined, language?: string | undefined }} [options] who the visitor is, as their website signed it; the language to speak
 * @returns {Transport & { visit(): Promise<Visit>, identify(user: string | null): Promise<Visit> }}
 */
export function httpTransport(server, key, { user, language } = {}) {
  const base = `${server}/api/v1/widget/${encodeURIComponent(key)}`;
  // Of somebody whom nobody named. Who was named is named anew on each page, and leaves nothing behind.
  const store = keep("localStorage", `pernoex.visitor.${key}`);
  const languages = [language, document.documentElement.lang, ...navigator.languages].filter(Boolean).slice(0, 10);
  /** @type {string | null} */
  let named = user ?? null;
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
    const response = await send("POST", "/visits", { languages, ...(token && { token }), ...(named && { user: named }) });
    const visit = /** @type {Visit} */ (await response.json());
    store.write(visit.user ? null : visit.token); // What they asked before they were named is theirs now.
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
          if (!named) store.write(null);
        }
      }
    }
  }

  return {
    visit,
    identify(next) {
      named = next;
      current = null;
      return visit();
    },
    async *ask(question, { signal, fresh }) {
      const quiet = new AbortController();
      const giveUp = () => quiet.abort();
      let timer = setTimeout(giveUp, QUIET_FOR);
      signal.addEventListener("abort", giveUp, { once: true });
      try {
        const response = await sendAsVisitor("POST", "/questions", { question, ...here(), ...(fresh && { new_conversation: true }) }, "text/event-stream", quiet.signal);
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
    async handOff({ fresh, ...handing }) {
      await sendAsVisitor("POST", "/hand-off", { ...handing, ...here(), ...(fresh && { new_conversation: true }) });
    },
    async logo() {
      return (await sendAsVisitor("GET", "/logo", undefined, "image/*")).blob();
    },
  };
}

/** What to tell a visitor about a failure, and whether asking again can help. @param {unknown} error @returns {{ text: string, again: boolean, wait: number }} */
export function explain(error) {
  const { status, code, detail, message, retry_after, retryAfter } = /** @type {Trouble} */ (error ?? {});
  const wait = Math.ceil(retry_after ?? retryAfter ?? 0);
  if (status === 429) return { text: say("many"), again: true, wait: wait || 20 };
  if (status === 422) return { text: detail || message || say("refused"), again: false, wait: 0 };
  if (code === "user_token_invalid" || code === "identity_not_set_up") return { text: say("stranger"), again: false, wait: 0 };
  if (code === "origin_not_allowed" || status === 404) return { text: say("gone"), again: false, wait: 0 };
  if (status) return { text: say("wrong"), again: true, wait };
  return { text: say("offline"), again: true, wait: 0 };
}
