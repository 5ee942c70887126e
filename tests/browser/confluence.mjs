/** Confluence on this machine, as far as it is asked, with a real authorization server behind it (`authority.mjs`). */
import { authority, bodyOf, json } from "./authority.mjs";

/** Where it is to run, as `tests/services` told the server; empty when it did not. */
export const CONFLUENCE = process.env["PERNOEX_TEST_CONFLUENCE"] ?? "";

const SITE = "1324a887-45db-1bf4-1e99-ef0ff456d421";
const SCOPE = "offline_access read:space:confluence read:page:confluence";
const BASE = "https://orchard.atlassian.net/wiki";

/** @typedef {{ id: string, space: string, title: string, storage: string }} ConfluencePage */

/** @param {{ redirect: string, site: string, spaces: Record<string, string>, pages: ConfluencePage[] }} held spaces: their names by their keys */
export async function openConfluence({ redirect, site, spaces, pages }) {
  const server = authority({
    issuer: CONFLUENCE, client: "a-client-of-atlassian", secret: "a-client-secret-of-atlassian", redirect, scope: SCOPE, login: "ada",
    asks: `Pernoex asks for access to ${site}`, renews: true,
    routes: { authorization: "/authorize", token: "/token" },
  });
  const keys = Object.keys(spaces);
  const shown = (/** @type {ConfluencePage} */ { id, space, title }) => ({
    id, status: "current", title, version: { number: 1 }, parentId: null, body: {}, _links: { webui: `/spaces/${space}/pages/${id}`, base: BASE },
  });

  /** @param {string} path @param {URLSearchParams} query @returns {[status: number, body: unknown]} */
  function answer(path, query) {
    if (path === "/oauth/token/accessible-resources") return [200, [{ id: SITE, name: site, url: "https://orchard.atlassian.net", scopes: ["read:page:confluence"], avatarUrl: "" }]];
    const [, what, id, rest] = new RegExp(`^/ex/confluence/${SITE}/wiki/api/v2/(spaces|pages)(?:/(\\d+))?(/pages)?$`).exec(path) ?? [];
    const wanted = query.get("keys")?.split(",") ?? keys;
    const list = (/** @type {unknown[]} */ results) => [200, { results, _links: { base: BASE } }];
    if (what === "spaces" && id === undefined) {
      return /** @type {[number, unknown]} */ (list(keys.filter((key) => wanted.includes(key)).map((key) => ({ id: String(keys.indexOf(key) + 1), key, name: spaces[key], type: "global", status: "current", _links: { webui: `/spaces/${key}` } }))));
    }
    if (what === "spaces" && rest !== undefined) return /** @type {[number, unknown]} */ (list(pages.filter(({ space }) => space === keys[Number(id) - 1]).map(shown)));
    const page = pages.find((one) => what === "pages" && one.id === id);
    if (!page) return [404, { errors: [{ status: 404, code: "NOT_FOUND" }] }];
    return [200, { ...shown(page), body: { storage: { representation: "storage", value: page.storage } } }];
  }

  const close = await server.listen(async (request, response) => {
    const url = new URL(request.url ?? "/", CONFLUENCE);
    if (request.method === "POST" && url.pathname === "/oauth/token") {
      const { status, body } = await server.post("/token", await bodyOf(request));
      // Atlassian has a status of its own for what is over.
      json(response, body.error === "invalid_grant" ? 403 : status, body);
    } else if (!/^\/(ex|oauth)\//.test(url.pathname)) return false;
    else if (await server.knows(request)) json(response, ...answer(url.pathname, url.searchParams));
    else json(response, 401, { code: 401, message: "Unauthorized" });
    return true;
  });
  return { ...server, close };
}
