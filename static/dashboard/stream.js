/** Asking a question and reading the answer as it is written. */
import { send } from "./api.js";
import { Problem } from "./problem.js";

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
