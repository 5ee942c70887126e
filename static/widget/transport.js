/** Talking to the server in a visitor's name. */

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
export function httpTransport(server, key) {
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
export function explain(error) {
  const { status, code, detail, message, retry_after, retryAfter } = /** @type {Trouble} */ (error ?? {});
  const wait = Math.ceil(retry_after ?? retryAfter ?? 0);
  if (status === 429) return { say: "That’s a lot of questions in a short time. Please wait a moment, then try again.", again: true, wait: wait || 20 };
  if (status === 422) return { say: detail || message || "This question cannot be sent.", again: false, wait: 0 };
  if (code === "origin_not_allowed" || status === 404) return { say: "This assistant is no longer available on this page.", again: false, wait: 0 };
  if (status) return { say: "Something went wrong on our side. Your question was not answered.", again: true, wait };
  return { say: "The answer could not be loaded. Check your connection, then try again.", again: true, wait: 0 };
}
