/** The dashboard's entry: every path, who may see it, and the frame around it. */
import { get, onRightsDoubted, onSecondFactorRequired, onSignedOut, onWorkspaceChanged } from "./api.js";
import { h, replace } from "./dom.js";
import { usageNotice } from "./billing/meters.js";
import { problemNotice } from "./parts/notice.js";
import { unverifiedNotice } from "./parts/unverified.js";
import { shut } from "./parts/shut.js";
import { skeleton } from "./parts/skeleton.js";
import { frame } from "./parts/frame.js";
import { asProblem, isAbort, lacksRight, Problem } from "./problem.js";
import { holdsChanges, match, navigate, safePath, start } from "./router.js";
import { manages, mustEnrol, newRole, refreshSession, session, setSession } from "./session.js";

/** @typedef {import("./types.js").Project} Project */
/** @typedef {import("./view.js").View} View */
/**
 * @typedef {object} Route
 * @property {string} pattern
 * @property {() => Promise<{ default: (view: any) => void }>} page
 * @property {"anyone" | "either" | "member" | "manager" | "owner" | "operator"} who anyone: only without a session; either: with or without
 */

/** @type {(Route & { [key: string]: unknown })[]} */
const ROUTES = [
  { pattern: "/sign-in", who: "anyone", page: () => import("./pages/sign-in.js") },
  { pattern: "/sign-up", who: "anyone", page: () => import("./pages/sign-up.js") },
  { pattern: "/forgot-password", who: "either", page: () => import("./pages/forgot-password.js") },
  { pattern: "/reset-password", who: "either", page: () => import("./pages/reset-password.js") },
  { pattern: "/verify", who: "either", page: () => import("./pages/verify.js") },
  { pattern: "/confirm-email", who: "either", page: () => import("./pages/confirm-email.js") },
  { pattern: "/confirm-sign-up", who: "either", page: () => import("./pages/confirm-sign-up.js") },
  { pattern: "/sign-in/finish", who: "either", page: () => import("./pages/sign-in-finish.js") },
  { pattern: "/invitations/accept", who: "either", page: () => import("./pages/accept.js") },
  { pattern: "/team", who: "manager", page: () => import("./pages/team.js") },
  { pattern: "/account", who: "member", page: () => import("./pages/account.js") },
  { pattern: "/audit", who: "manager", page: () => import("./pages/audit.js") },
  { pattern: "/workspace", who: "member", page: () => import("./pages/workspace.js") },
  { pattern: "/workspace/slack", who: "manager", page: () => import("./pages/slack.js") },
  { pattern: "/workspace/integrations", who: "manager", page: () => import("./pages/connections.js") },
  { pattern: "/workspace/billing", who: "owner", page: () => import("./pages/billing.js") },
  { pattern: "/projects", who: "member", page: () => import("./pages/projects.js") },
  { pattern: "/projects/:project", who: "member", page: () => import("./pages/overview.js") },
  { pattern: "/projects/:project/documents", who: "member", page: () => import("./pages/documents.js") },
  { pattern: "/projects/:project/documents/:document", who: "member", page: () => import("./pages/document.js") },
  { pattern: "/projects/:project/sources", who: "manager", page: () => import("./pages/sources.js") },
  { pattern: "/projects/:project/sources/new/:kind", who: "manager", page: () => import("./pages/source-new.js") },
  { pattern: "/projects/:project/sources/:source", who: "manager", page: () => import("./pages/source.js") },
  { pattern: "/projects/:project/sources/:source/settings", who: "manager", page: () => import("./pages/source-settings.js") },
  { pattern: "/projects/:project/curated-answers", who: "member", page: () => import("./pages/curated-answers.js") },
  { pattern: "/projects/:project/curated-answers/new", who: "member", page: () => import("./pages/curated-answer.js") },
  { pattern: "/projects/:project/curated-answers/:curated", who: "member", page: () => import("./pages/curated-answer.js") },
  { pattern: "/projects/:project/ask", who: "member", page: () => import("./pages/ask.js") },
  { pattern: "/projects/:project/conversations", who: "member", page: () => import("./pages/conversations.js") },
  { pattern: "/projects/:project/conversations/:conversation", who: "member", page: () => import("./pages/conversation.js") },
  { pattern: "/projects/:project/todos", who: "member", page: () => import("./pages/todos.js") },
  { pattern: "/projects/:project/analytics", who: "member", page: () => import("./pages/analytics.js") },
  { pattern: "/projects/:project/widget", who: "manager", page: () => import("./pages/widget.js") },
  { pattern: "/projects/:project/webhooks", who: "manager", page: () => import("./pages/webhooks.js") },
  { pattern: "/projects/:project/voice", who: "manager", page: () => import("./pages/voice.js") },
  { pattern: "/projects/:project/settings", who: "manager", page: () => import("./pages/settings.js") },
  { pattern: "/security/report", who: "either", page: () => import("./pages/security-report.js") },
  { pattern: "/security/status", who: "either", page: () => import("./pages/security-status.js") },
  { pattern: "/security/thanks", who: "either", page: () => import("./pages/security-thanks.js") },
  { pattern: "/contact", who: "either", page: () => import("./pages/public-page.js") },
  { pattern: "/privacy", who: "either", page: () => import("./pages/public-page.js") },
  { pattern: "/operator/reports", who: "operator", page: () => import("./pages/reports.js") },
  { pattern: "/operator/reports/:report", who: "operator", page: () => import("./pages/report.js") },
  { pattern: "/operator/texts/:page", who: "operator", page: () => import("./pages/texts.js") },
  { pattern: "/operator", who: "operator", page: () => import("./pages/operator.js") },
];

/** @type {AbortController} */
let leaving = new AbortController();
/** @type {Project | null} */
let known = null;
/** @type {string | undefined} the workspace that it is of */
let knownIn;

/** @param {Route} route */
const needsSession = (route) => route.who === "member" || route.who === "manager" || route.who === "owner";

/** Where people meet the limits of a plan. */
const LIMITED = new Set(["/projects", "/projects/:project", "/projects/:project/documents", "/projects/:project/ask", "/projects/:project/conversations", "/team"]);

/** What is one's own, whatever the workspace asks of its members. */
const FOR_EVERYBODY = new Set(["/account"]);

const leadToEnrolment = () => navigate("/account", { replace: true });

/** @param {string} title */
const setTitle = (title) => {
  document.title = title === "" ? "Pernoex" : `${title} · Pernoex`;
};

/** @param {{ focus: boolean }} options */
async function show({ focus }) {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  if (location.pathname === "/") return navigate("/projects", { replace: true });
  const found = match(ROUTES, location.pathname);
  const outlet = h("div", { class: "page" });
  /** @type {import("./types.js").Session | null} */
  let who = null;
  try {
    const loading = found?.route.page().catch(() => {
      throw new Problem(0, { code: "offline" }, null);
    });
    // Awaited below, but the session may fail first, and then nobody would be listening.
    loading?.catch(() => {});
    who = await session();
    if (signal.aborted) return;
    if (who?.workspace.id !== knownIn) known = null;
    knownIn = who?.workspace.id;
    if (found && needsSession(found.route) && !who) return askToSignIn();
    if (found && needsSession(found.route) && who && mustEnrol(who) && !FOR_EVERYBODY.has(found.route.pattern)) return leadToEnrolment();
    if (found?.route.who === "anyone" && who) {
      return navigate(safePath(new URLSearchParams(location.search).get("next")), { replace: true });
    }
    if (found && needsSession(found.route) && found.route.pattern !== "/account" && who?.workspace.ends_at) {
      frame({ session: who, project: null, outlet });
      setTitle("Workspace deleted");
      shut(outlet, who, () => void show({ focus: true }));
      return settle(outlet, focus);
    }
    const id = found?.params.project;
    if (id && known?.id !== id) {
      frame({ session: who, project: null, pending: true, outlet });
      replace(outlet, skeleton("page"));
      known = await get(`/projects/${id}`, signal);
    }
    const project = id ? known : null;
    const page = await loading;
    if (signal.aborted) return;
    // What is not for them is not there.
    if (!found || !page || (found.route.who === "operator" && !who?.operator) || (found.route.who === "owner" && !who?.billing)) {
      frame({ session: who, project: null, outlet });
      notFound(outlet);
    } else if (who && ((found.route.who === "manager" && !manages(who)) || (found.route.who === "owner" && who.role !== "owner"))) {
      frame({ session: who, project, outlet });
      notYours(outlet, found.route.who === "owner");
    } else {
      frame({ session: found.route.who === "anyone" ? null : who, project, outlet });
      outlet.replaceChildren();
      const view = { outlet, params: found.params, query: new URLSearchParams(location.search), signal, title: setTitle };
      const renamed = (/** @type {Project} */ next) => {
        known = next;
        frame({ session: who, project: next, outlet });
      };
      page.default({ ...view, session: who, project, renamed });
      // Where people arrive, and not on every page.
      if (who?.billing && LIMITED.has(found.route.pattern)) void usageNotice(who, outlet, signal);
      if (who && !who.user.verified && found.route.pattern === "/projects") outlet.before(unverifiedNotice(who));
    }
  } catch (error) {
    if (isAbort(error) || signal.aborted) return;
    if (!(error instanceof Problem)) console.error(error);
    const problem = asProblem(error);
    if (problem.status === 401) return;
    frame({ session: who, project: null, outlet });
    if (problem.status === 404) notFound(outlet);
    else failed(outlet, error);
  }
  settle(outlet, focus);
}

/** After a navigation the heading has focus, as a fresh page would be announced. @param {HTMLElement} outlet @param {boolean} focus */
function settle(outlet, focus) {
  if (!focus) return;
  if (location.hash === "") scrollTo(0, 0);
  const heading = outlet.querySelector("h1");
  if (!heading || outlet.contains(document.activeElement)) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function askToSignIn() {
  const here = location.pathname + location.search + location.hash;
  const path = here === "/projects" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(here)}`;
  navigate(path, { replace: true });
}

/** @param {HTMLElement} outlet */
function notFound(outlet) {
  setTitle("Page not found");
  replace(
    outlet,
    h("div", { class: "message-page" },
      h("p", { class: "message-code" }, "404"),
      h("h1", null, "Page not found"),
      h("p", { class: "lead" }, "Nothing lives at this address. It may have been deleted, or the link may be wrong."),
      h("p", null, h("a", { class: "button primary", href: "/projects" }, "Go to projects"))),
  );
}

/** @param {HTMLElement} outlet @param {boolean} owners */
function notYours(outlet, owners) {
  setTitle("Not available");
  replace(
    outlet,
    h("div", { class: "message-page" },
      h("h1", null, owners ? "Only owners manage this" : "Only owners and admins manage this"),
      h("p", { class: "lead" }, owners
        ? "Plans and payments are the business of the workspace's owners. Ask one of them."
        : "Your role in this workspace is Member. Ask an owner or admin to make the change for you."),
      h("p", null, h("a", { class: "button primary", href: "/projects" }, "Go to projects"))),
  );
}

/** @param {HTMLElement} outlet @param {unknown} error */
function failed(outlet, error) {
  setTitle(lacksRight(asProblem(error)) ? "Not available" : "Something went wrong");
  replace(
    outlet,
    h("div", { class: "message-page" },
      h("h1", null, lacksRight(asProblem(error)) ? "Your role does not allow this" : asProblem(error).status === 0 ? "You seem to be offline" : "Something went wrong"),
      problemNotice(error, () => void show({ focus: true }))),
  );
}

onSignedOut(() => {
  setSession(null);
  known = null;
  const route = match(ROUTES, location.pathname)?.route;
  if (!route || needsSession(route)) askToSignIn();
});

// The rule came into force while this page was open.
onSecondFactorRequired(() => {
  refreshSession().then(leadToEnrolment).catch(() => {});
});

/** So long what is known of somebody's role is not asked for again only because they come back. */
const FRESH = 5_000;
let asked = Date.now();

// An owner may have changed the role while this page was open: it is drawn for the new one, its navigation too.
function checkRole() {
  asked = Date.now();
  newRole().then((now) => {
    if (!now) return;
    const outlet = document.querySelector("#main > .page");
    // What somebody has typed is not taken from them: the server has the last word on whether it is saved.
    if (holdsChanges() && outlet instanceof HTMLElement) return frame({ session: now, project: known, outlet });
    known = null; // It may not be theirs any more.
    void show({ focus: true });
  }).catch(() => {});
}
onRightsDoubted(checkRole);
addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && Date.now() - asked > FRESH) checkRole();
});

// Another tab went on in another workspace: what this one shows is not there any more.
onWorkspaceChanged(() => location.assign("/projects"));

// Another tab may have deleted or renamed the project that this one remembers.
addEventListener("pageshow", (event) => {
  if (event.persisted) known = null;
});

start((options) => {
  // Not awaited: the page is there at once, and is drawn anew in the rare case.
  if (options.focus && Date.now() - asked > FRESH) checkRole();
  void show(options);
});
