/** Notion on this machine, as far as it is asked, with a real authorization server behind it (`authority.mjs`). */
import { authority, bodyOf, json } from "./authority.mjs";

/** Where it is to run, as `tests/services` told the server; empty when it did not. */
export const NOTION = process.env["PERNOEX_TEST_NOTION"] ?? "";

const EDITED = "2026-01-01T00:00:00.000Z";
const BOT = "b0b0b0b0-0000-4000-8000-000000000001";

/** @typedef {{ id: string, title: string, text: string }} NotionPage */

/** @param {string} text */
const rich = (text) => [{ type: "text", text: { content: text, link: null }, plain_text: text, href: null, annotations: { bold: false, italic: false, strikethrough: false, underline: false, code: false, color: "default" } }];

/** @param {NotionPage} page */
const pageOf = ({ id, title }) => ({
  object: "page", id, created_time: EDITED, last_edited_time: EDITED, parent: { type: "workspace", workspace: true }, archived: false, in_trash: false,
  properties: { title: { id: "title", type: "title", title: rich(title) } }, url: `https://www.notion.so/${id}`, public_url: null, icon: null, cover: null,
});

/** Of one page of what a search finds. */
const PAGE = 25;

/** @param {unknown[]} results @param {string | null} [next] */
const list = (results, next = null) => ({ object: "list", results, next_cursor: next, has_more: next !== null });

/** @param {{ redirect: string, workspace: string, pages: NotionPage[] }} held */
export async function openNotion({ redirect, workspace, pages }) {
  const server = authority({
    issuer: NOTION, client: "a-client-of-notion", secret: "a-client-secret-of-notion", redirect, scope: "read_content", login: "ada",
    asks: `Pernoex asks for access to ${workspace}`, renews: true, method: "client_secret_basic",
    routes: { authorization: "/v1/oauth/authorize", token: "/token" },
  });

  /** Notion takes JSON, and says more with a token. @param {string} what @param {Record<string, string>} fields @param {string} authorization @returns {Promise<[status: number, body: unknown]>} */
  async function oauth(what, fields, authorization) {
    const path = { token: "/token", revoke: "/revocation", introspect: "/introspection" }[what];
    if (path === undefined) return [404, { object: "error", status: 404, code: "object_not_found" }];
    const { status, body } = await server.post(path, fields, authorization);
    const more = what === "token" && status === 200 ? { bot_id: BOT, workspace_id: "w1", workspace_name: workspace, owner: { type: "workspace" } } : { request_id: "r1" };
    return [status, { ...body, ...more }];
  }

  /** @param {string} path @param {any} body @returns {[status: number, body: unknown]} */
  function answer(path, body) {
    if (path === "/v1/users/me") return [200, { object: "user", id: BOT, type: "bot", name: "Pernoex", bot: { workspace_name: workspace } }];
    if (path === "/v1/search") {
      const words = String(body.query ?? "").toLowerCase();
      const found = body.filter.value === "page" ? pages.filter(({ title }) => title.toLowerCase().includes(words)).map(pageOf) : [];
      const from = Number(body.start_cursor ?? 0);
      return [200, list(found.slice(from, from + PAGE), from + PAGE < found.length ? String(from + PAGE) : null)];
    }
    const [, kind, id = "", rest] = /^\/v1\/(pages|blocks)\/([\w-]+)(\/children)?$/.exec(path) ?? [];
    const page = pages.find((one) => one.id.replaceAll("-", "") === id.replaceAll("-", ""));
    if (!page || (kind === "blocks" && !rest)) return [404, { object: "error", status: 404, code: "object_not_found" }];
    if (kind === "pages") return [200, pageOf(page)];
    return [200, list([{ object: "block", id: `${page.id.slice(0, -1)}f`, type: "paragraph", paragraph: { rich_text: rich(page.text) }, has_children: false, archived: false, in_trash: false }])];
  }

  const close = await server.listen(async (request, response) => {
    const url = new URL(request.url ?? "/", NOTION);
    if (url.pathname.startsWith("/v1/oauth/authorize")) {
      // What Notion gives is chosen there, and not named by who asks.
      if (!url.searchParams.has("scope")) request.url = `${request.url}&scope=read_content`;
      return false;
    }
    if (!url.pathname.startsWith("/v1/")) return false;
    const app = /^\/v1\/oauth\/(\w+)$/.exec(url.pathname)?.[1];
    if (app !== undefined) json(response, ...(await oauth(app, await bodyOf(request), request.headers.authorization ?? "")));
    else if (await server.knows(request)) json(response, ...answer(url.pathname, await bodyOf(request)));
    else json(response, 401, { object: "error", status: 401, code: "unauthorized" });
    return true;
  });
  return { ...server, close };
}
