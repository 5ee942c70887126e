/** Addresses and history. What a page shows is decided in main.js; this only says where we are. */

/** @typedef {{ pattern: string, [key: string]: unknown }} AnyRoute */

/**
 * @template {AnyRoute} R
 * @param {R[]} routes
 * @param {string} pathname
 * @returns {{ route: R, params: Record<string, string> } | null}
 */
export function match(routes, pathname) {
  const parts = pathname.replace(/\/+$/, "").split("/");
  for (const route of routes) {
    const wanted = route.pattern.split("/");
    if (wanted.length !== parts.length) continue;
    /** @type {Record<string, string>} */
    const params = {};
    const fits = wanted.every((want, index) => {
      const part = parts[index] ?? "";
      if (!want.startsWith(":")) return want === part;
      params[want.slice(1)] = part;
      return /^[\w-]+$/.test(part);
    });
    if (fits) return { route, params };
  }
  return null;
}

/** @type {(options: { focus: boolean }) => void} */
let show = () => {};
/** @typedef {{ dirty: () => boolean, ask: () => Promise<boolean> }} Guard */

/** @type {Guard | null} */
let guard = null;
let shown = "";
/** How many steps this tab has gone; each entry of the history carries its own. */
let step = 0;

const address = () => location.pathname + location.search;

/** Asks before a link or the Back button leaves the page; cleared on every navigation. @param {Guard} next */
export function guardLeaving(next) {
  guard = next;
}

/** Whether the page holds changes that were not saved. */
export const holdsChanges = () => guard?.dirty() === true;

/** @param {string} path @param {{ replace?: boolean }} [options] */
export function navigate(path, { replace = false } = {}) {
  if (replace) history.replaceState({ step }, "", path);
  else history.pushState({ step: (step += 1) }, "", path);
  arrive(true);
}

/** Changes the address without leaving the page, for filters and ids that appear later. @param {string} path */
export function amend(path) {
  history.replaceState(history.state, "", path);
  shown = address();
}

/** @param {boolean} focus */
function arrive(focus) {
  guard = null;
  shown = address();
  show({ focus });
}

/** Only addresses on this site may be returned to after sign-in. @param {string | null} next */
export function safePath(next) {
  if (next === null || !next.startsWith("/")) return "/projects";
  const url = new URL(next, location.origin);
  return url.origin === location.origin ? url.pathname + url.search + url.hash : "/projects";
}

/** @param {(options: { focus: boolean }) => void} handler */
export function start(handler) {
  show = handler;
  if (typeof history.state?.step === "number") step = history.state.step;
  else history.replaceState({ step }, "");
  addEventListener("popstate", (event) => {
    // A change of the fragment alone is the browser's to handle.
    if (address() === shown) return;
    const to = typeof event.state?.step === "number" ? event.state.step : step;
    const held = guard;
    if (held?.dirty() && to !== step) {
      // The browser has gone already: it comes back before the question, and goes again after a yes.
      const away = to - step;
      history.go(-away);
      return void held.ask().then((leave) => {
        if (!leave) return;
        guard = null;
        history.go(away);
      });
    }
    step = to;
    arrive(true);
  });
  document.addEventListener("click", (event) => void follow(event));
  arrive(false);
}

/** Turns clicks on our own links into navigation without a reload. @param {MouseEvent} event */
async function follow(event) {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || link.target !== "" || link.hasAttribute("download") || link.origin !== location.origin) return;
  // What the server makes whole is no page of ours.
  if (link.pathname.startsWith("/api/") || link.pathname.startsWith("/assets/") || link.pathname === "/trust") return;
  if (link.hash !== "" && link.pathname + link.search === address()) return;
  event.preventDefault();
  const path = link.pathname + link.search + link.hash;
  if (guard?.dirty() && !(await guard.ask())) return;
  navigate(path);
}
