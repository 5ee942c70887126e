/** What a page is given. Pages draw into `outlet` at once and fill it in later. */

/**
 * @typedef {object} View
 * @property {HTMLElement} outlet
 * @property {Record<string, string>} params
 * @property {URLSearchParams} query
 * @property {AbortSignal} signal aborted when the page is left
 * @property {(title: string) => void} title
 *
 * @typedef {View & { session: import("./types.js").Session }} SignedInView
 * @typedef {SignedInView & { project: import("./types.js").Project, renamed: (project: import("./types.js").Project) => void }} ProjectView
 */
export {};
