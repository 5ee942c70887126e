import { get } from "../api.js";
import { h, replace } from "../dom.js";
import { count, formatNumber, share } from "../format.js";
import { chartFigure } from "../parts/chart.js";
import { gapList } from "../parts/gaps.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { manages } from "../session.js";

/** @typedef {import("../types.js").Project} Project */
/** @typedef {import("../types.js").ConversationPage} ConversationPage */
/** @typedef {{ project: Project, tried: boolean, asked: boolean, allowed: number | null, week: import("../types.js").Analytics, missing: import("../types.js").Gaps }} Facts */

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, session, signal, title }) {
  title(project.name);
  const base = `/projects/${project.id}`;
  const figures = h("div");
  const checklist = h("div");
  const trend = h("div");
  let reading = false;
  outlet.append(heading(project.name, { lead: "How this project is doing, and what to do next." }), figures, checklist, trend);

  /** @returns {Promise<Facts>} */
  const fetch = async () => {
    const first = (/** @type {string} */ channel) =>
      /** @type {Promise<ConversationPage>} */ (get(`${base}/conversations?limit=1&channel=${channel}`, signal));
    const [now, week, missing, dashboard, widget, setup] = await Promise.all([
      /** @type {Promise<Project>} */ (get(base, signal)),
      /** @type {Promise<import("../types.js").Analytics>} */ (get(`${base}/analytics?days=7`, signal)),
      /** @type {Promise<import("../types.js").Gaps>} */ (get(`${base}/analytics/gaps?days=7`, signal)),
      first("dashboard"),
      first("widget"),
      manages(session) ? /** @type {Promise<import("../types.js").WidgetSetup>} */ (get(`${base}/widget`, signal)) : null,
    ]);
    return {
      project: now,
      tried: dashboard.conversations.length > 0,
      asked: widget.conversations.length > 0,
      allowed: setup ? setup.allowed_origins.length : null,
      week,
      missing,
    };
  };
  /** @param {Facts} facts */
  const draw = (facts) => {
    reading = unread(facts.project) > 0;
    replace(checklist, steps(facts, base));
    // Once everything is set up, what visitors ask and miss comes first.
    if (checklist.querySelector("details")) outlet.append(checklist);
    return tiles(facts, base);
  };
  void load(figures, {
    signal,
    skeleton: () => skeleton("tiles"),
    fetch,
    render: (facts) => {
      replace(trend, lately(facts, base, signal));
      return draw(facts);
    },
  }).then(() => follow());

  // While documents are being read, the checklist follows along.
  function follow() {
    if (!reading) return;
    const timer = setInterval(async () => {
      if (document.hidden) return;
      try {
        const facts = await fetch();
        if (!signal.aborted) replace(figures, draw(facts));
        if (!reading) clearInterval(timer);
      } catch {
        // The page shows the last state it knew; leaving or reloading tries again.
        clearInterval(timer);
      }
    }, 4000);
    signal.addEventListener("abort", () => clearInterval(timer));
  }
}

/** @param {Project} project */
const unread = (project) => project.documents - project.documents_ready - project.documents_failed;

/** @param {Facts} facts @param {string} base */
function tiles({ project, week }, base) {
  const { totals } = week;
  const answered = share(totals.answered, totals.answered + totals.unanswered);
  const helpful = share(totals.helpful, totals.helpful + totals.unhelpful);
  /** @type {[label: string, value: string, remark: string, href: string][]} */
  const all = [
    ["Documents ready", formatNumber(project.documents_ready), unread(project) > 0 ? `${unread(project)} being read` : project.documents_failed > 0 ? `${project.documents_failed} could not be read` : project.documents === 0 ? "Nothing to answer from yet" : "All of them are searchable", `${base}/documents`],
    ["Questions", formatNumber(totals.questions), "in the last 7 days", `${base}/analytics?days=7`],
    ["Answered", answered === null ? "–" : `${answered}%`, totals.unanswered > 0 ? `${totals.unanswered} without an answer` : "of the last 7 days", `${base}/conversations?outcome=unanswered`],
    ["Found helpful", helpful === null ? "–" : `${helpful}%`, helpful === null ? "no ratings yet" : `of ${count(totals.helpful + totals.unhelpful, "rating")}`, `${base}/conversations?rating=helpful`],
  ];
  return h("dl", { class: "tiles" }, all.map(([label, value, remark, href]) =>
    h("div", { class: "tile card" },
      h("dt", null, h("a", { href, class: "cover" }, label)),
      h("dd", { class: "tile-value" }, value),
      h("dd", { class: "hint" }, remark))));
}

/** @param {Facts} facts @param {string} base */
function steps({ project, tried, asked, allowed }, base) {
  const busy = unread(project);
  /** @type {{ done: boolean, name: string, text: string, href: string | null, action: string }[]} */
  const all = [
    { done: project.documents_ready > 0, name: "Add documents", text: busy > 0 ? `Reading ${count(busy, "document")} now.` : project.documents_ready > 0 ? `${count(project.documents_ready, "document")} ready to answer from.` : "Upload the guides and help pages you already have, or connect where they live.", href: `${base}/documents`, action: project.documents > 0 ? "Add more" : "Add documents" },
    { done: tried, name: "Try a question", text: tried ? "You have asked a question here." : "Ask as a customer would and check the sources.", href: `${base}/ask`, action: tried ? "Ask another" : "Ask a question" },
    { done: (allowed ?? 0) > 0 || asked, name: "Allow your website", text: allowed === null ? "An owner or admin chooses the domains." : allowed > 0 ? `${count(allowed, "domain")} may show the widget.` : "No domain is allowed yet, so nobody can use the widget.", href: allowed === null ? null : `${base}/widget`, action: "Choose domains" },
    { done: asked, name: "Put the widget on your site", text: asked ? "Visitors are asking questions." : "Paste one line into your page. This is checked off with the first visitor's question.", href: allowed === null ? null : `${base}/widget`, action: "Get the snippet" },
  ];
  const done = all.filter((step) => step.done).length;
  const next = all.find((step) => !step.done);
  const list = h("ol", { class: "checklist" }, all.map((step) =>
      h("li", { class: step.done ? "step done" : step === next ? "step next" : "step" },
        h("span", { class: "step-mark" }, step.done ? icon("check") : null),
        h("div", { class: "step-words" },
          h("h3", null, step.name, h("span", { class: "sr-only" }, step.done ? ": done" : ": to do")),
          h("p", { class: "hint" }, step.text)),
        step.href && h("a", { href: step.href, class: step === next ? "button primary small" : "button quiet small" }, step.action))));
  if (!next) {
    return h("details", { class: "card panel fold" },
      h("summary", null, h("h2", null, "Setup complete"), h("span", { class: "hint" }, `${done} of ${all.length} done`), icon("chevron")), list);
  }
  return h("section", { class: "card panel", "aria-labelledby": "setup" },
    h("header", { class: "panel-head" }, h("h2", { id: "setup" }, "Setup"), h("p", { class: "hint" }, `${done} of ${all.length} done`)), list);
}

/** What was asked in the last seven days, and what found no answer. @param {Facts} facts @param {string} base @param {AbortSignal} signal */
function lately({ week: { days, totals }, missing: { gaps } }, base, signal) {
  if (totals.questions === 0) return null;
  return h("div", { class: "columns even" },
    h("section", { class: "card panel" }, chartFigure({
      label: "Questions a day", shape: "bars", dates: days.map((day) => day.date), signal,
      series: [
        { name: "Answered", tone: "tone-answered", values: days.map((day) => day.answered) },
        { name: "Unanswered", tone: "tone-unanswered", values: days.map((day) => day.unanswered) },
      ],
    })),
    h("section", { class: "card panel", "aria-labelledby": "gaps" },
      h("header", { class: "panel-head" },
        h("h2", { id: "gaps" }, "Questions without an answer"),
        h("a", { href: `${base}/analytics?days=7`, class: "more-link" }, "See analytics")),
      gaps.length === 0
        ? h("p", { class: "nothing" }, "Every question of the last 7 days found an answer.")
        : gapList(base, gaps, 4)));
}
