/** By which model passages are found, and how far another one is that is to take over. */
import { get } from "../api.js";
import { h, replace } from "../dom.js";
import { formatNumber } from "../format.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { watch } from "../sources/watch.js";

/** @typedef {import("../types.js").Embedding} Embedding */

/** @param {string} project @param {AbortSignal} signal */
export function embeddingPanel(project, signal) {
  const slot = h("div", { class: "stack" });
  const fetch = () => /** @type {Promise<Embedding>} */ (get(`/projects/${project}/embedding`, signal));
  /** @type {Embedding | undefined} */
  let known;
  const render = (/** @type {Embedding} */ embedding) => {
    known = embedding;
    return draw(embedding);
  };
  const look = watch({ signal, fetch, take: (found) => replace(slot, render(found)), busy: () => Boolean(known?.takes_over) });
  void load(slot, { signal, skeleton: () => skeleton("text"), fetch, render }).then(look.wait);
  return h("section", { class: "card panel", "aria-labelledby": "embedding" },
    h("header", { class: "panel-head" }, h("h2", { id: "embedding" }, "Search by meaning")),
    slot);
}

/** @param {Embedding} embedding */
function draw({ model, elsewhere, takes_over: over }) {
  const about = h("p", { class: "hint" }, "Passages are found by their words and by their meaning, which ", h("code", null, model), " compares.", elsewhere && " Passages and questions are sent to the endpoint that your operator chose for that.");
  if (!over) return [about];
  const { passages, done } = over;
  return [
    about,
    h("div", { class: "takes-over" },
      h("p", null, h("code", null, over.model), ` takes over when it has read every passage: ${formatNumber(done)} of ${formatNumber(passages)} so far. Until then, questions are answered as before.`),
      h("progress", { max: Math.max(passages, 1), value: done, "aria-label": `Passages that ${over.model} has read` }),
      over.waits !== null && h("p", { class: "hint" }, `It waits and is tried again: ${over.waits}.`)),
  ];
}
