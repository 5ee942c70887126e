import { get } from "../api.js";
import { h } from "../dom.js";
import { count, formatAgo, formatMoment } from "../format.js";
import { empty } from "../parts/empty.js";
import { select } from "../parts/field.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { toastProblem } from "../parts/toast.js";
import { amend } from "../router.js";

/** @typedef {import("../types.js").ConversationSummary} ConversationSummary */
/** @typedef {import("../types.js").ConversationPage} ConversationPage */

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, query, signal, title }) {
  title(`Conversations · ${project.name}`);
  const base = `/projects/${project.id}/conversations`;
  const filter = { outcome: query.get("outcome") ?? "", channel: query.get("channel") ?? "" };
  const slot = h("div");
  let asked = 0;
  /** @param {"outcome" | "channel"} name */
  const choose = (name) => (/** @type {string} */ value) => {
    filter[name] = value;
    const search = parameters().toString();
    amend(search === "" ? base : `${base}?${search}`);
    void show();
  };
  const parameters = () => new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ""));

  outlet.append(
    heading("Conversations", { lead: "What people asked, and what they were told." }),
    h("div", { class: "filters" },
      select("Answers", [["", "All"], ["unanswered", "Without an answer"], ["helpful", "Rated helpful"], ["unhelpful", "Rated not helpful"]], filter.outcome, choose("outcome")),
      select("Asked in", [["", "Everywhere"], ["widget", "Widget"], ["dashboard", "Dashboard"]], filter.channel, choose("channel"))),
    slot,
  );

  /** @param {string | null} before @returns {Promise<ConversationPage>} */
  const fetch = (before) => {
    const search = parameters();
    search.set("limit", "50");
    if (before) search.set("before", before);
    return get(`${base}?${search}`, signal);
  };

  void show();

  function show() {
    asked += 1;
    const turn = asked;
    return load(slot, {
      signal,
      skeleton: () => skeleton("rows"),
      fetch: () => fetch(null),
      // A slower answer to an earlier filter must not overwrite the present one.
      render: (first) => (turn === asked ? list(first) : [...slot.childNodes]),
    });
  }

  /** @param {ConversationPage} first */
  function list(first) {
    if (first.conversations.length === 0) {
      return parameters().size > 0
        ? h("p", { class: "nothing card" }, "No conversation matches these filters.")
        : empty("conversations", "No conversations yet", "They appear here as soon as someone asks, in the dashboard or on your site.",
          h("a", { class: "button primary", href: `/projects/${project.id}/ask` }, "Try a question"));
    }
    const items = h("ul", { class: "conversations card" }, first.conversations.map(line));
    const more = h("button", { type: "button", class: "button" }, "Load more");
    let next = first.next;
    more.hidden = next === null;
    more.addEventListener("click", async () => {
      more.disabled = true;
      try {
        const page = await fetch(next);
        const added = page.conversations.map(line);
        items.append(...added);
        next = page.next;
        more.hidden = next === null;
        // The button may be gone now: reading goes on with the first new line.
        added[0]?.querySelector("a")?.focus({ preventScroll: true });
      } catch (error) {
        if (!signal.aborted) toastProblem(error);
      } finally {
        more.disabled = false;
      }
    });
    return [items, h("p", { class: "load-more" }, more)];
  }

  /** @param {ConversationSummary} item */
  function line(item) {
    return h("li", { class: "conversation" },
      h("div", { class: "conversation-words" },
        h("a", { href: `${base}/${item.id}`, class: "cover" }, item.title),
        h("p", { class: "hint" }, [
          item.channel === "widget" ? (item.origin ?? "Widget") : "Dashboard", " · ", count(item.questions, "question"), " · ",
          h("time", { datetime: item.last_at, title: formatMoment(item.last_at) }, formatAgo(item.last_at)),
        ])),
      h("div", { class: "conversation-marks" }, marks(item)));
  }
}

/** @param {ConversationSummary} item */
export function marks(item) {
  return [
    item.unanswered > 0 && h("span", { class: "badge badge-warning" }, icon("alert"), `${item.unanswered} unanswered`),
    item.helpful > 0 && h("span", { class: "badge badge-good" }, icon("up"), `${item.helpful} helpful`),
    item.unhelpful > 0 && h("span", { class: "badge badge-danger" }, icon("down"), `${item.unhelpful} not helpful`),
  ];
}
