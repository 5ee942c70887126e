import { get, post } from "../api.js";
import { h } from "../dom.js";
import { formatDate } from "../format.js";
import { setCounts } from "../inbox/counts.js";
import { exportDialog } from "../inbox/export.js";
import { conversationLine } from "../inbox/line.js";
import { empty } from "../parts/empty.js";
import { select } from "../parts/field.js";
import { filteredList } from "../parts/filtered-list.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { followEvents } from "../stream.js";

/** @typedef {import("../types.js").ConversationSummary} ConversationSummary */
/** @typedef {import("../types.js").ConversationPage} ConversationPage */
/** @typedef {import("../types.js").InboxEvent} InboxEvent */

const NAMES = /** @type {const} */ (["state", "outcome", "rating", "handed_over", "channel", "mine", "visitor", "from", "to"]);

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, session, query, signal, title }) {
  title(`Inbox · ${project.name}`);
  const base = `/projects/${project.id}/conversations`;
  const filter = /** @type {Record<(typeof NAMES)[number], string>} */ (Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? ""])));
  const slot = h("div");
  const progress = h("p", { class: "hint search-progress", role: "status" });
  const line = h("p", { class: "line-state", role: "status" });
  let words = "";

  /** @param {URLSearchParams} search @returns {Promise<{ items: ConversationSummary[], next: string | null }>} */
  async function fetch(search) {
    if (words === "") {
      const page = /** @type {ConversationPage} */ (await get(`${base}?${search}`, signal));
      return { items: page.conversations, next: page.next };
    }
    /** @type {ConversationSummary[]} */
    const items = [];
    const looked = words;
    let before = search.get("before");
    for (;;) {
      const page = /** @type {ConversationPage} */ (await post(`${base}/search`, { q: looked, filter: { ...asFilter(search), before } }));
      items.push(...page.conversations);
      // What is sealed is opened a number of conversations at a time: it goes on until there is something to show.
      const done = page.next === null || page.searched_to === null || items.length >= 20 || signal.aborted || words !== looked;
      progress.textContent = done ? "" : `Searched back to ${formatDate(page.searched_to ?? "")}…`;
      if (done) return { items, next: page.next };
      before = page.next;
    }
  }

  const { show, choose, put } = filteredList({
    slot,
    signal,
    base,
    filter,
    fetch,
    list: (lines) => h("ul", { class: "conversations card" }, lines),
    line: (item) => conversationLine(base, item, words.replaceAll('"', " ").split(/\s+/)),
    key: ({ id }) => id,
    narrowed: () => words !== "",
    empty: () => empty("conversations", "No conversations yet", "They appear here as soon as someone asks in the dashboard, on your site or in Slack, and when a voice agent has taken a call.",
      h("a", { class: "button primary", href: `/projects/${project.id}/ask` }, "Try a question")),
    nothing: "No conversation matches. Try other words or fewer filters.",
  });

  const search = h("input", { class: "input", type: "search", "aria-label": "Search in conversations", placeholder: "Search in conversations", autocomplete: "off", maxlength: 200 });
  const look = () => {
    words = search.value.trim();
    progress.textContent = "";
    void show();
  };
  let typing = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(look, 400);
  });
  const form = h("form", { class: "search", role: "search", on: { submit: (event) => { event.preventDefault(); clearTimeout(typing); look(); } } }, icon("search"), search);

  const more = NAMES.filter((name) => name !== "state");
  const many = h("span", { class: "badge badge-info" });
  const tell = () => {
    const count = more.filter((name) => filter[name] !== "").length;
    many.hidden = count === 0;
    many.textContent = String(count);
  };
  const set = (/** @type {(typeof NAMES)[number]} */ name) => (/** @type {string} */ value) => {
    choose(name)(value);
    tell();
  };
  const day = (/** @type {"from" | "to"} */ name, /** @type {string} */ label) => {
    const input = h("input", { class: "input", type: "date", value: filter[name] });
    input.addEventListener("change", () => set(name)(input.value));
    return h("div", { class: "filter" }, h("label", null, h("span", null, label), input));
  };
  const details = h("details", { class: "more-filters", open: more.some((name) => filter[name] !== "") },
    h("summary", null, icon("settings"), "More filters", many),
    h("div", { class: "filters" },
      select("Answers", [["", "All"], ["unanswered", "Unanswered"], ["answered", "All answered"]], filter.outcome, set("outcome")),
      select("Rated", [["", "Whatever"], ["helpful", "Helpful"], ["unhelpful", "Not helpful"]], filter.rating, set("rating")),
      select("Asked in", [["", "Everywhere"], ["widget", "Widget"], ["dashboard", "Dashboard"], ["slack", "Slack"], ["voice", "Voice"]], filter.channel, set("channel")),
      select("Handed over", [["", "Or not"], ["true", "Asked for a person"]], filter.handed_over, set("handed_over")),
      select("Seen to by", [["", "Anybody"], ["true", "Me"]], filter.mine, set("mine")),
      day("from", "From"), day("to", "To"),
      filter.visitor !== "" && h("button", { type: "button", class: "button small", on: { click: (event) => { set("visitor")(""); event.currentTarget instanceof HTMLElement && event.currentTarget.remove(); } } }, icon("close"), "One visitor only")));
  tell();

  outlet.append(
    heading("Inbox", {
      lead: "What people asked, and what they were told.",
      actions: [line, h("button", { type: "button", class: "button", on: { click: () => void exportDialog({
        title: "Export conversations",
        text: words !== "" || NAMES.some((name) => filter[name] !== "") ? "All conversations that match the search and the filters, whole." : "All conversations of this project, whole.",
        request: (format) => ({ method: "POST", path: `${base}/export`, body: { format, q: words === "" ? null : words, filter: asFilter(new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ""))) } }),
      }) } }, icon("download"), "Export")],
    }),
    h("div", { class: "inbox-tools" },
      form,
      select("Show", [["", "All"], ["attention", "Needs attention"], ["open", "Open"], ["resolved", "Resolved"]], filter.state, set("state"))),
    details,
    progress,
    slot,
  );
  void show();

  const me = session.user.id;
  /** Whether the filters let it through, as the server would say. @param {ConversationSummary} item */
  const fits = (item) => {
    if (words !== "") return false;
    const wanting = item.state === "open" && (item.unanswered > 0 || item.unhelpful > 0 || item.handed_over_at !== null);
    return (filter.state === "" || (filter.state === "attention" ? wanting : item.state === filter.state))
      && (filter.outcome === "" || (filter.outcome === "unanswered") === item.unanswered > 0)
      && (filter.rating === "" || (filter.rating === "helpful" ? item.helpful : item.unhelpful) > 0)
      && (filter.handed_over === "" || item.handed_over_at !== null)
      && (filter.channel === "" || item.channel === filter.channel)
      && (filter.mine === "" || item.assignee?.account === me)
      && (filter.visitor === "" || item.visitor === filter.visitor)
      && (filter.from === "" || item.last_at.slice(0, 10) >= filter.from)
      && (filter.to === "" || item.last_at.slice(0, 10) <= filter.to);
  };
  void followEvents(`/projects/${project.id}/inbox`, signal, (told) => {
    const event = /** @type {InboxEvent} */ (told);
    if (event.type === "counts") return setCounts(project.id, event.data);
    for (const item of event.data.conversations) put(item, fits(item));
  }, (state) => {
    line.className = `line-state line-${state}`;
    line.textContent = { live: "Live", lost: "Connecting…", over: "" }[state];
  });
}

/** The address's words in the types that the server takes. @param {URLSearchParams} search */
function asFilter(search) {
  const filter = /** @type {Record<string, string | number | boolean>} */ (Object.fromEntries(search));
  if (filter["limit"] !== undefined) filter["limit"] = Number(filter["limit"]);
  for (const name of ["mine", "handed_over"]) if (filter[name] !== undefined) filter[name] = filter[name] === "true";
  return filter;
}
