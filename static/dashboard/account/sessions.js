/** Where somebody is signed in, and how to end it there. */
import { get, remove } from "../api.js";
import { h } from "../dom.js";
import { formatAgo, formatMoment } from "../format.js";
import { confirmDialog } from "../parts/dialog.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { toast, toastProblem } from "../parts/toast.js";

/** @typedef {import("../types.js").OwnSession} OwnSession */

/** What browsers call themselves, the most particular first: several carry the names of others. @type {[RegExp, string][]} */
const BROWSERS = [[/Edg\//, "Edge"], [/OPR\//, "Opera"], [/Firefox\/|FxiOS\//, "Firefox"], [/Chrom(e|ium)\/|CriOS\//, "Chrome"], [/Safari\//, "Safari"]];
/** @type {[RegExp, string][]} */
const SYSTEMS = [[/iPhone|iPad/, "iOS"], [/Android/, "Android"], [/Windows/, "Windows"], [/Mac OS X/, "macOS"], [/CrOS/, "ChromeOS"], [/Linux/, "Linux"]];

/** @param {string} agent */
export function deviceName(agent) {
  const of = (/** @type {[RegExp, string][]} */ names) => names.find(([pattern]) => pattern.test(agent))?.[1];
  const [browser, system] = [of(BROWSERS), of(SYSTEMS)];
  if (browser && system) return `${browser} on ${system}`;
  return browser ?? system ?? "Another program";
}

/** @param {import("../view.js").SignedInView} view */
export function sessions({ session, signal }) {
  const list = h("div");
  const others = h("button", { type: "button", class: "button", hidden: true, on: { click: () => void endOthers() } }, "Sign out everywhere else");
  const workspace = new Map(session.workspaces.map(({ id, name }) => [id, name]));

  const show = () => load(list, {
    signal,
    skeleton: () => skeleton("rows"),
    fetch: () => /** @type {Promise<{ sessions: OwnSession[] }>} */ (get("/account/sessions", signal)),
    render: (found) => {
      others.hidden = found.sessions.length < 2;
      return h("ul", { class: "session-list" }, found.sessions.map(line));
    },
  });

  const line = (/** @type {OwnSession} */ own) => {
    const name = deviceName(own.user_agent);
    const place = [workspace.get(own.workspace), own.address].filter(Boolean).join(" · ");
    const end = h("button", { type: "button", class: "button small", "aria-label": `Sign out ${name}, last used ${formatAgo(own.seen_at)}`, on: { click: () => void endOne(own, item) } }, "Sign out");
    const item = h("li", { class: "session-line" },
      h("div", null,
        h("p", { class: "session-name" }, name, own.current && h("span", { class: "badge badge-info" }, "This one")),
        h("p", { class: "hint" }, place),
        h("p", { class: "hint" },
          own.current ? "In use now" : ["Last used ", h("time", { datetime: own.seen_at, title: formatMoment(own.seen_at) }, formatAgo(own.seen_at))],
          " · signed in ", h("time", { datetime: own.created_at, title: formatMoment(own.created_at) }, formatAgo(own.created_at)))),
      !own.current && end);
    return item;
  };

  const endOne = async (/** @type {OwnSession} */ own, /** @type {HTMLElement} */ item) => {
    try {
      await remove(`/account/sessions/${own.id}`);
      toast("Signed out there");
      const next = item.nextElementSibling?.querySelector("button") ?? panel.querySelector("h2");
      item.remove();
      others.hidden = list.querySelectorAll("li").length < 2;
      if (next instanceof HTMLElement) next.focus();
    } catch (error) {
      toastProblem(error);
    }
  };

  const endOthers = async () => {
    const done = await confirmDialog({
      title: "Sign out everywhere else?",
      text: "Every other browser and device of yours has to sign in again. This one stays.",
      submit: "Sign out everywhere else",
      run: () => remove("/account/sessions"),
    });
    if (!done) return;
    toast("Signed out everywhere else");
    await show();
  };

  const panel = h("section", { class: "card panel", "aria-labelledby": "sessions" },
    h("header", { class: "panel-head" },
      h("h2", { id: "sessions", tabindex: "-1" }, "Where you are signed in"),
      others),
    list);
  void show();
  return panel;
}
