import { get, post } from "../api.js";
import { h, replace, webAddress } from "../dom.js";
import { count, formatDate, formatNumber } from "../format.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { notice } from "../parts/notice.js";
import { actionMenu } from "../parts/popover.js";
import { skeleton } from "../parts/skeleton.js";
import { toast, toastProblem } from "../parts/toast.js";
import { asProblem } from "../problem.js";
import { navigate } from "../router.js";
import { connectButton } from "../sources/connect.js";
import { history, leftOut, said } from "../sources/history.js";
import { leaveSource } from "../sources/leave.js";
import { isBusy, standing, syncStatus } from "../sources/status.js";
import { watch } from "../sources/watch.js";
import { explainSync, KINDS, rhythm, summary } from "../sources/words.js";

/** @typedef {import("../types.js").Source} Source */
/** @typedef {import("../types.js").SourcePage} SourcePage */

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, params, signal, title }) {
  const list = `/projects/${project.id}/sources`;
  const path = `${list}/${params.source}`;
  const back = { href: list, label: "Sources" };
  title(`Source · ${project.name}`);
  const fetch = () => /** @type {Promise<SourcePage>} */ (get(path, signal));
  outlet.append(heading("Source", { back }), skeleton("form"));
  void load(outlet, {
    signal,
    failed: (trouble) => [heading("Source", { back }), trouble],
    fetch,
    render: (first) => draw(first),
  });

  /** @param {SourcePage} first */
  function draw(first) {
    let shown = first;
    const trouble = h("div");
    const status = syncStatus(first.source);
    const spoken = h("p", { class: "sr-only", role: "status" });
    const facts = h("dl", { class: "source-facts" });
    const skips = h("div");
    const runs = h("div");
    const skipped = h("section", { class: "card panel", "aria-labelledby": "left-out" },
      h("header", { class: "panel-head" }, h("h2", { id: "left-out" }, "Left out"), h("p", { class: "hint" }, "What was found and is not taken, and how it would be.")), skips);
    const sync = h("button", { type: "button", class: "button", on: { click: () => void now() } }, icon("replace"), "Sync now");
    const menu = actionMenu("Source actions", () => [
      { label: "Settings", icon: "settings", href: `${path}/settings` },
      { label: "Disconnect", icon: "trash", danger: true, run: () => void leave() },
    ]);
    const drawn = new Map();
    /** Draws only what changed, and never below the fingers of whoever is there. @param {HTMLElement} slot @param {unknown} key @param {() => import("../dom.js").Child | import("../dom.js").Child[]} content */
    const fill = (slot, key, content) => {
      const text = JSON.stringify(key);
      if (drawn.get(slot) === text || (drawn.has(slot) && slot.contains(document.activeElement))) return;
      drawn.set(slot, text);
      replace(slot, content());
    };

    /** @param {SourcePage} next */
    function take(next) {
      const before = shown;
      shown = next;
      const { source } = next;
      const now = standing(source);
      const run = next.runs[0];
      if (run && run.id !== before.runs[0]?.id) spoken.textContent = said(run);
      else if (now.label !== standing(before.source).label) spoken.textContent = `${now.label}.`;
      title(`${source.name} · ${project.name}`);
      status.update(source);
      sync.disabled = source.state === "leaving";
      menu.hidden = source.state === "leaving";
      fill(trouble, [source.state, source.sync.problem, source.grant], () => hitch(source, path));
      fill(facts, [source.name, source.counts, source.config, source.every_hours, source.grant], () => factsOf(source, project.id));
      skipped.hidden = next.skipped_total === 0;
      fill(skips, next.skipped, () => leftOut(source, next.skipped, next.skipped_total));
      fill(runs, next.runs, () => history(source, next.runs));
    }

    const looking = watch({
      signal, fetch, take,
      busy: () => isBusy(shown.source),
      failed(error) {
        if (asProblem(error).status !== 404) return false;
        toast(`${shown.source.name} is disconnected`);
        navigate(list, { replace: true });
        return true;
      },
    });

    async function now() {
      const running = isBusy(shown.source);
      try {
        await post(`${path}/sync`, undefined);
        toast(running ? "It is looked through once more after this" : "It is looked through now");
        void looking.again();
      } catch (error) {
        toastProblem(error);
      }
    }

    async function leave() {
      const receipt = await leaveSource(project.id, shown.source);
      if (!receipt) return;
      toast(`${shown.source.name} is being disconnected`);
      navigate(list);
    }

    take(first);
    looking.wait();
    const { title: kind, picture } = KINDS[first.source.kind];
    return [
      heading(first.source.name, { back, actions: [sync, menu] }),
      trouble,
      h("section", { class: "card panel source-now", "aria-labelledby": "now" },
        h("header", { class: "panel-head" }, h("h2", { id: "now", class: "source-kind" }, h("span", { class: "source-picture" }, icon(picture)), kind)),
        spoken, status.element, facts),
      skipped,
      h("section", { class: "card panel", "aria-labelledby": "runs" },
        h("header", { class: "panel-head" }, h("h2", { id: "runs" }, "History"), h("p", { class: "hint" }, "The latest syncs.")), runs),
    ];
  }
}

/** What stands in the way, and how to clear it. @param {Source} source @param {string} path */
function hitch(source, path) {
  if (source.state === "leaving") return notice("info", h("p", null, "This source is being disconnected. Nothing is read from it any more."));
  if (source.state === "reconnect") {
    return notice("danger", [
      h("p", null, explainSync(source, { code: "reconnect", detail: "" })),
      h("p", null, source.kind === "slack"
        ? h("a", { class: "button small", href: "/workspace/slack" }, "Open Slack")
        : connectButton(source.kind, "Connect again", { next: path, small: true })),
    ]);
  }
  if (source.sync.problem === null || source.sync.phase !== "idle") return null;
  return notice("warning", [
    h("p", null, explainSync(source, source.sync.problem)),
    h("p", null, "What was read before is still answered from."),
  ]);
}

/** @param {Source} source @param {string} project */
function factsOf(source, project) {
  const start = source.kind === "website" ? webAddress(source.config.start) : null;
  /** @type {[string, import("../dom.js").Child | import("../dom.js").Child[]][]} */
  const all = [
    ["Documents", h("a", { href: `/projects/${project}/documents?source=${source.id}` }, count(source.counts.documents, "document"))],
    ["Left out", source.counts.skipped === 0 ? "Nothing" : formatNumber(source.counts.skipped)],
    ["Reads", start ? h("a", { href: start, target: "_blank", rel: "noopener noreferrer" }, source.config.start, h("span", { class: "sr-only" }, " (opens in a new tab)")) : summary(source)],
    ["Looks for changes", rhythm(source.every_hours)],
    ...(source.grant ? [/** @type {[string, string]} */ (["Account", source.grant.name])] : []),
    ["Added", formatDate(source.created_at)],
  ];
  return all.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value)));
}
