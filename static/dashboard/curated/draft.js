/** What somebody wants to write or correct, on its way from an answer to the editor. Taken once, and gone with a reload. */

/** @typedef {{ question: string, text: string }} Draft */

/** @type {Draft | null} */
let held = null;

/** @param {Draft} draft */
export function begin(draft) {
  held = draft;
}

/** The draft for `question`, without the numbers of sources that it had where it was an answer. @param {string} question */
export function take(question) {
  const draft = held?.question === question ? held : null;
  held = null;
  return draft?.text.replace(/\s*(?<!\\)\[\d{1,3}\]/g, "") ?? "";
}
