/** What comes bit by bit: an answer as it is written, and changes as they happen. */
import { doubtRights, send } from "./api.js";
import { asProblem, isAbort, Problem } from "./problem.js";

/** @typedef {import("./types.js").AnswerEvent} AnswerEvent */

/**
 * Server-sent events from a fetch body. EventSource cannot POST, hence the small parser.
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<{ type: string, data: unknown }>}
 */
export async function* readEvents(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let buffer = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      buffer += decoder.decode(value, { stream: !done });
      // Only complete blocks are parsed; a line break may arrive split in two.
      const blocks = buffer.replaceAll("\r\n", "\n").split("\n\n");
      buffer = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = parseBlock(block);
        if (event) yield event;
      }
      if (done) return;
    }
  } finally {
    void reader.cancel().catch(() => {});
  }
}

/** @param {string} block */
function parseBlock(block) {
  let type = "message";
  /** @type {string[]} */
  const data = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) type = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
  }
  return data.length > 0 ? { type, data: /** @type {unknown} */ (JSON.parse(data.join("\n"))) } : null;
}

/**
 * Reads what the server tells, and connects anew when the line breaks.
 * @param {string} path
 * @param {AbortSignal} signal
 * @param {(event: { type: string, data: unknown }) => void} tell
 * @param {(state: "live" | "lost" | "over") => void} line how the connection is; over: who asks may not, or not any more
 */
export async function followEvents(path, signal, tell, line) {
  let wait = 1000;
  while (!signal.aborted) {
    try {
      const response = await send("GET", path, { signal, accept: "text/event-stream" });
      line("live");
      wait = 1000;
      if (response.body) {
        for await (const event of readEvents(response.body)) tell(event);
        // The server ends each stream after a while, so that it asks at the door again.
        await pause(wait, signal);
        continue;
      }
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      if ([401, 403, 404].includes(asProblem(error).status)) {
        doubtRights();
        return line("over");
      }
    }
    if (signal.aborted) return;
    line("lost");
    await pause(wait, signal);
    wait = Math.min(wait * 2, 15_000);
  }
}

/** @param {number} time @param {AbortSignal} signal @returns {Promise<void>} */
const pause = (time, signal) =>
  new Promise((done) => {
    const timer = setTimeout(done, time);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    }, { once: true });
  });

/**
 * @param {string} project
 * @param {string} question
 * @param {string | null} conversation
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<AnswerEvent>}
 */
export async function* askQuestion(project, question, conversation, signal) {
  const body = conversation ? { question, conversation } : { question };
  const response = await send("POST", `/projects/${project}/questions`, { body, signal, accept: "text/event-stream" });
  let finished = false;
  if (response.headers.get("content-type")?.startsWith("text/event-stream") && response.body) {
    try {
      for await (const event of readEvents(response.body)) {
        finished ||= event.type === "done" || event.type === "problem";
        yield /** @type {AnswerEvent} */ (event);
      }
    } catch (error) {
      if (signal.aborted || error instanceof Problem) throw error;
      throw new Problem(0, { code: "offline" }, null);
    }
    if (!finished) throw new Problem(0, { code: "offline" }, response.headers.get("x-request-id"));
  } else {
    yield { type: "done", data: await response.json() };
  }
}
