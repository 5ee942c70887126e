/** Changes of the actors as the server tells them, connected anew when the line breaks. */
import { send } from "../api.js";
import { asProblem, isAbort } from "../problem.js";
import { readEvents } from "../stream.js";

/** @typedef {import("../types.js").ActorEvent} ActorEvent */

/**
 * @param {string} query
 * @param {AbortSignal} signal
 * @param {(event: ActorEvent) => void} tell
 * @param {(state: "live" | "lost" | "over") => void} line how the connection is; over: no longer an operator
 */
export async function follow(query, signal, tell, line) {
  let wait = 1000;
  while (!signal.aborted) {
    try {
      const response = await send("GET", `/operator/api/actors/stream${query}`, { signal, accept: "text/event-stream" });
      line("live");
      wait = 1000;
      if (response.body) {
        for await (const event of readEvents(response.body)) tell(/** @type {ActorEvent} */ (event));
        // The server ends each stream after a while, so that it asks at the door again.
        await pause(wait, signal);
        continue;
      }
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      if ([401, 404].includes(asProblem(error).status)) return line("over");
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
