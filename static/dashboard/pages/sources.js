import { get } from "../api.js";
import { h } from "../dom.js";
import { focusOnPage } from "../parts/focus.js";
import { heading } from "../parts/heading.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { offerCard, sourceCard } from "../sources/card.js";
import { isBusy } from "../sources/status.js";
import { watch } from "../sources/watch.js";
import { isKind } from "../sources/words.js";

/** @typedef {import("../types.js").SourceList} SourceList */

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, signal, title }) {
  title(`Sources · ${project.name}`);
  const slot = h("div", { class: "stack" });
  /** @type {Map<string, ReturnType<typeof sourceCard>>} */
  const cards = new Map();
  const connected = h("ul", { class: "cards" });
  const mine = h("section", { class: "source-group", "aria-labelledby": "connected" }, h("h2", { id: "connected" }, "Connected"), connected);
  const invitation = h("h2", { id: "offers" });
  const about = h("p", { class: "hint" }, "Its pages become documents, and stay as fresh as they are there. Nothing is ever written back.");
  let busy = false;

  const fetch = () => /** @type {Promise<SourceList>} */ (get(`/projects/${project.id}/sources`, signal));

  /** @param {SourceList} list */
  function take(list) {
    busy = list.sources.some(isBusy);
    // What this version of the dashboard has no words for is another version's.
    const sources = list.sources.filter(({ kind }) => isKind(kind));
    const ids = new Set(sources.map(({ id }) => id));
    for (const [id, card] of cards) {
      if (ids.has(id)) continue;
      const held = card.element.contains(document.activeElement);
      card.element.remove();
      cards.delete(id);
      if (held) focusOnPage();
    }
    for (const source of sources) {
      const known = cards.get(source.id);
      if (known) {
        known.update(source);
        continue;
      }
      const card = sourceCard(project.id, source);
      cards.set(source.id, card);
      connected.append(card.element);
    }
    mine.hidden = cards.size === 0;
    about.hidden = cards.size > 0;
    invitation.textContent = cards.size === 0 ? "Connect where your knowledge lives" : "Add a source";
  }

  const looking = watch({ signal, fetch, take, busy: () => busy });
  outlet.append(
    heading("Sources", {
      lead: "Where the knowledge of this project lives. What changes there is followed by itself, deletions too.",
      actions: [h("a", { class: "button", href: "/workspace/integrations" }, "Connections")],
    }),
    slot,
  );
  void load(slot, {
    signal,
    skeleton: () => skeleton("cards"),
    fetch,
    render: (list) => {
      take(list);
      looking.wait();
      return [
        mine,
        h("section", { class: "source-group", "aria-labelledby": "offers" },
          invitation, about,
          h("ul", { class: "offers" }, list.kinds.filter(({ kind }) => isKind(kind)).map((offer) => offerCard(project.id, offer)))),
      ];
    },
  });
}
