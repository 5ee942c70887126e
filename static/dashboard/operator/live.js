/** Changes of the actors as the server tells them. */
import { followEvents } from "../stream.js";

/** @typedef {import("../types.js").ActorEvent} ActorEvent */

/**
 * @param {string} query
 * @param {AbortSignal} signal
 * @param {(event: ActorEvent) => void} tell
 * @param {(state: "live" | "lost" | "over") => void} line how the connection is; over: no longer an operator
 */
export const follow = (query, signal, tell, line) =>
  followEvents(`/operator/api/actors/stream${query}`, signal, (event) => tell(/** @type {ActorEvent} */ (event)), line);
