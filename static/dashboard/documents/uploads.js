/** Files on their way to a project: at most three at once, each its own request. They go on while other pages are open. */
import { upload } from "../api.js";
import { formatBytes } from "../format.js";
import { asProblem, explain, explainUpload, isAbort, isPassing } from "../problem.js";

/** @typedef {import("../types.js").Doc} Doc */
/**
 * @typedef {object} Upload
 * @property {number} key
 * @property {File} file
 * @property {"waiting" | "sending" | "failed"} state
 * @property {number} fraction
 * @property {string | null} code
 * @property {string | null} reason
 * @property {boolean} again whether trying again makes sense
 * @property {AbortController} abort
 */

const AT_ONCE = 3;
let nextKey = 0;

export class Uploads {
  /** @param {string} project */
  constructor(project) {
    this.project = project;
    /** @type {Upload[]} */
    this.items = [];
    /** @type {number} bytes a file may have; learned from the document list */
    this.fileBytes = Infinity;
    /** @type {(doc: Doc) => void} */
    this.arrived = () => {};
    /** @type {() => void} */
    this.changed = () => {};
  }

  get active() {
    return this.items.some((item) => item.state !== "failed");
  }

  /** @param {Iterable<File>} files */
  add(files) {
    for (const file of files) {
      nextKey += 1;
      /** @type {Upload} */
      const item = { key: nextKey, file, state: "waiting", fraction: 0, code: null, reason: null, again: false, abort: new AbortController() };
      this.items.push(item);
      // Sending a file only to hear that it is too large would waste the visitor's time.
      if (file.size > this.fileBytes) fail(item, "file_too_large", `This file has ${formatBytes(file.size)}; the limit is ${formatBytes(this.fileBytes)}.`);
    }
    this.pump();
  }

  /** @param {Upload} item */
  dismiss(item) {
    this.items = this.items.filter((other) => other !== item);
    item.abort.abort();
    this.pump();
  }

  /** @param {Upload} item */
  retry(item) {
    Object.assign(item, { state: "waiting", fraction: 0, code: null, reason: null, again: false, abort: new AbortController() });
    this.pump();
  }

  pump() {
    let sending = this.items.filter((item) => item.state === "sending").length;
    for (const item of this.items) {
      if (sending >= AT_ONCE) break;
      if (item.state !== "waiting") continue;
      item.state = "sending";
      sending += 1;
      void this.transfer(item);
    }
    this.changed();
  }

  /** @param {Upload} item */
  async transfer(item) {
    try {
      /** @type {import("../types.js").UploadResult} */
      const result = await upload("POST", `/projects/${this.project}/documents`, item.file, {
        signal: item.abort.signal,
        progress: (fraction) => {
          item.fraction = fraction;
          this.changed();
        },
      });
      const refusal = result.rejected[0];
      if (refusal && result.documents.length === 0) {
        fail(item, refusal.code, explainUpload(refusal.code, refusal.detail));
      } else {
        this.items = this.items.filter((other) => other !== item);
        result.documents.forEach((doc) => this.arrived(doc));
      }
    } catch (error) {
      if (isAbort(error)) return;
      const problem = asProblem(error);
      fail(item, problem.code, problem.code === "name_taken" ? explainUpload(problem.code, "") : explain(problem));
      item.again = isPassing(problem);
    }
    this.pump();
  }
}

/** @param {Upload} item @param {string} code @param {string} reason */
function fail(item, code, reason) {
  Object.assign(item, { state: "failed", code, reason });
}

/** @type {Map<string, Uploads>} */
const queues = new Map();

/** @param {string} project */
export function uploadsOf(project) {
  let queue = queues.get(project);
  if (!queue) {
    queue = new Uploads(project);
    queues.set(project, queue);
  }
  return queue;
}

addEventListener("beforeunload", (event) => {
  if ([...queues.values()].some((queue) => queue.active)) event.preventDefault();
});
