/**
 * GitHub on this machine, with a real authorization server behind it: the certified oidc-provider gives out codes and tokens, asks for PKCE,
 * ends grants and says what a token is still good for. What only GitHub has stands beside it, in the shapes of its documentation.
 */
import { authority, bodyOf, json } from "./authority.mjs";
import { say } from "./recorded.mjs";

/** Where it is to run, as `tests/services` told the server; empty when it did not. */
export const GITHUB = process.env["PERNOEX_TEST_GITHUB"] ?? "";

const [CLIENT, SECRET] = ["a-client-of-github", "a-client-secret-of-github"];
const SHA = "0123456789abcdef0123456789abcdef01234567";

/**
 * @param {object} held
 * @param {string} held.redirect
 * @param {string} held.login
 * @param {string} held.repository
 * @param {string} held.text of its one file
 * @param {(method: string, path: string) => import("./recorded.mjs").Recorded | undefined} [held.recorded] what is answered as GitHub itself was heard to, by the path
 *   with its query
 */
export async function openGitHub({ redirect, login, repository, text, recorded = () => undefined }) {
  const server = authority({
    issuer: GITHUB, client: CLIENT, secret: SECRET, redirect, scope: "repo", login, pkce: true,
    routes: { authorization: "/login/oauth/authorize", token: "/login/oauth/access_token" },
  });
  const { provider } = server;

  /** `DELETE /applications/{client_id}/grant`, as the app itself. @param {string | undefined} authorization @param {any} body */
  async function end(authorization, body) {
    if (authorization !== server.basic) return 401;
    const token = await provider.AccessToken.find(body.access_token);
    if (!token) return 422;
    const grant = token.grantId ?? "";
    await (await provider.Grant.find(grant))?.destroy();
    await provider.AccessToken.revokeByGrantId(grant);
    return 204;
  }

  /** @param {string} path @returns {unknown} */
  function content(path) {
    const [owner, name] = repository.split("/");
    const base = `/repos/${owner}/${name}`;
    switch (path) {
      case "/user": return { id: 1, login };
      case "/user/repos": return [{ id: 2, full_name: repository, html_url: `${GITHUB}/${repository}` }];
      case base: return { id: 2, full_name: repository, default_branch: "main" };
      case `${base}/branches`: return [{ name: "main" }];
      case `${base}/branches/main`: return { name: "main", commit: { sha: SHA, commit: { tree: { sha: SHA } } } };
      case `${base}/git/trees/${SHA}`: return { sha: SHA, truncated: false, tree: [{ path: "docs/filling.md", mode: "100644", type: "blob", sha: SHA, size: text.length }] };
      default: return undefined;
    }
  }

  const close = await server.listen(async (request, response) => {
    // GitHub knows a prompt that this server does not.
    request.url = request.url?.replace(/([?&])prompt=select_account(&|$)/, "$1");
    if (!request.url?.startsWith("/api/v3/")) return false;
    const path = new URL(request.url, GITHUB).pathname.replace(/^\/api\/v3/, "");
    const heard = recorded(request.method ?? "", request.url.replace(/^\/api\/v3/, ""));
    if (heard !== undefined) {
      say(response, heard);
      return true;
    }
    if (request.method === "DELETE" && path === `/applications/${CLIENT}/grant`) {
      json(response, await end(request.headers.authorization, await bodyOf(request)), { message: "Validation Failed" });
      return true;
    }
    const found = content(path);
    if (!(await server.knows(request))) json(response, 401, { message: "Bad credentials" });
    else if (path.endsWith(`/git/blobs/${SHA}`)) response.writeHead(200, { "content-type": "application/vnd.github.raw+json" }).end(text);
    else json(response, found === undefined ? 404 : 200, found ?? { message: "Not Found" });
    return true;
  });
  return { ...server, close };
}
