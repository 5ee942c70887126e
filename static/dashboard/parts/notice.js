/** Messages that stay in the page: what failed and how to go on, warnings, and remarks. */
import { h } from "../dom.js";
import { asProblem, explain, lacksRight } from "../problem.js";
import { icon } from "./icon.js";

/**
 * @param {"info" | "warning" | "danger"} tone
 * @param {import("../dom.js").Child | import("../dom.js").Child[]} content
 * @param {{ alert?: boolean }} [options]
 */
export function notice(tone, content, { alert = false } = {}) {
  return h("div", { class: `notice notice-${tone}`, role: alert ? "alert" : null },
    icon(tone === "info" ? "info" : "alert"), h("div", { class: "notice-body" }, content));
}

/** @param {unknown} error @param {(() => void) | null} [retry] */
export function problemNotice(error, retry = null) {
  const problem = asProblem(error);
  return notice("danger", [
    h("p", null, explain(problem)),
    problem.requestId !== null && problem.status >= 500 &&
      h("p", { class: "hint" }, "Request id: ", h("code", null, problem.requestId), ". Mention it if you ask for help."),
    // A second try would be refused as well.
    retry && lacksRight(problem) && h("p", null, h("a", { href: "/projects" }, "Go to projects")),
    retry && problem.status !== 404 && !lacksRight(problem) && h("p", null, h("button", { type: "button", class: "button small", on: { click: retry } }, "Try again")),
  ], { alert: true });
}
