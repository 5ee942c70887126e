/** What the stories share: the browser, a watch over everything it complains about, and websites of customers. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").Browser} Browser */

const address = process.env["PERNOEX_URL"];
if (!address) throw new Error("Set PERNOEX_URL to the address of a running server, such as http://localhost:8080");
/** The origin of the server under test. */
export const SERVER = new URL(address).origin;

/** Documents are read and embedded in the background; a small machine may take its time. */
export const READING = 120_000;
/** An answer, from the question to its last word. */
export const ANSWERING = 60_000;

const QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];

export const openBrowser = () => chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: QUIET });

/**
 * A page in a fresh profile that remembers every complaint: console errors, uncaught exceptions, policy violations, and requests to anyone
 * but the server and the sites named.
 * @param {Browser} browser
 * @param {{ theme?: "light" | "dark", width?: number, sites?: string[] }} [options]
 */
export async function openPage(browser, { theme = "light", width = 1280, sites = [] } = {}) {
  const context = await browser.newContext({ colorScheme: theme, viewport: { width, height: 860 }, reducedMotion: "reduce" });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  /** @type {string[]} */
  const complaints = [];
  const known = new Set([SERVER, ...sites]);
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => console.error(`policy violation: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
  });
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    // The one expected failure: the dashboard asks who is signed in, and the answer for nobody is 401. Browsers write every 401 to the console.
    if (message.location().url === `${SERVER}/api/v1/session` && message.text().includes("401")) return;
    complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.message}`));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol.startsWith("http") && !known.has(origin)) complaints.push(`a request left for ${request.url()}`);
  });
  return {
    page,
    complaints,
    /** Fails with all complaints so far. @param {string} where */
    calm(where) {
      assert.deepEqual(complaints, [], `complaints on ${where}`);
    },
    close: () => context.close(),
  };
}

/**
 * Waits until as many are there as are wanted: a list that is read anew may be empty for a moment.
 * @param {import("playwright-core").Locator} locator
 * @param {number} wanted
 * @param {string} [what]
 */
export async function comesTo(locator, wanted, what) {
  const until = Date.now() + 15_000;
  let found = await locator.count();
  while (found !== wanted && Date.now() < until) {
    await new Promise((resume) => setTimeout(resume, 50));
    found = await locator.count();
  }
  assert.equal(found, wanted, what);
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Serious and critical findings of axe-core, one line each. @param {Page} page @returns {Promise<string[]>} */
export async function barriers(page) {
  await page.evaluate(axe); // Through the debugger, which no content security policy governs.
  return page.evaluate(async () => {
    // Halfway from one theme to the other no two colours differ enough.
    // The end of one change may begin another (an inherited colour).
    const changing = () => document.getAnimations().filter((one) => one.playState === "running" && Number.isFinite(Number(one.effect?.getComputedTiming().endTime)));
    for (let ends = changing(); ends.length > 0; ends = changing()) await Promise.allSettled(ends.map((one) => one.finished));
    const { violations } = await /** @type {any} */ (globalThis).axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter((/** @type {any} */ { impact }) => impact === "serious" || impact === "critical")
      .map((/** @type {any} */ { id, help, nodes }) => `${id}: ${help}: ${nodes.map((/** @type {any} */ node) => node.target.flat().join(" ")).join(", ")}`);
  });
}

/**
 * A customer's website on its own local origin: two pages, in the language of `?lang=`, that carry the snippet under a policy that allows nothing
 * but the widget's server. Trusted Types are demanded too. The snippet is settled later, because an origin must exist before it can be allowed.
 * `files` are served besides, as scripts of the site's own.
 * @param {Map<string, string>} [files] by path
 */
export async function openSite(files = new Map()) {
  let snippet = "";
  /** @type {string | undefined} */
  let widgetServer;
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const file = files.get(pathname);
    if (file !== undefined) return void response.writeHead(200, { "content-type": "text/javascript" }).end(file);
    if (pathname !== "/" && pathname !== "/second") return void response.writeHead(204).end();
    const lang = (searchParams.get("lang") ?? "en").replace(/[^\w-]/g, "");
    const from = /src="(http[^"]+)"/.exec(snippet);
    const allowed = widgetServer ?? (from?.[1] ? new URL(from[1]).origin : "'none'");
    response.writeHead(200, {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": `default-src 'none'; script-src ${allowed}${files.size > 0 ? " 'self'" : ""}; connect-src ${allowed}; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'`,
    });
    response.end(`<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Halvern</title></head><body><main><h1>Halvern</h1><p>Vent controllers for greenhouses.</p><p>${pathname === "/" ? "Home" : "Second page"}</p></main>${snippet}</body></html>`);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", () => ready(undefined)));
  const bound = server.address();
  assert(bound !== null && typeof bound === "object");
  return {
    origin: `http://localhost:${bound.port}`,
    /** @param {string} next @param {string} [server] the widget's, where the snippet does not say it */
    carry(next, server) {
      [snippet, widgetServer] = [next, server];
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
