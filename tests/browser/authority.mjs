/**
 * The authorization server behind a provider on this machine: the certified oidc-provider gives out codes and tokens, renews them, ends them, and
 * says what each is still good for. A provider's own addresses and shapes stand before it.
 */
import { createServer } from "node:http";
import Provider from "oidc-provider";

/** @typedef {import("node:http").IncomingMessage} Request */
/** @typedef {import("node:http").ServerResponse} Response */

/** @param {Request} request */
export async function bodyOf(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text === "" ? {} : JSON.parse(text);
}

/** @param {Response} response @param {number} status @param {unknown} body */
export function json(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(status === 204 ? undefined : JSON.stringify(body));
}

/**
 * @param {object} how
 * @param {string} how.issuer where it is to run
 * @param {string} how.client
 * @param {string} how.secret
 * @param {string} how.redirect
 * @param {string} how.scope
 * @param {string} how.login who is signed in there
 * @param {string} [how.asks] who asks for what, on a page where somebody agrees; without it they agree at once
 * @param {boolean} [how.pkce]
 * @param {boolean} [how.renews] gives out refresh tokens, each good for one use
 * @param {"client_secret_post" | "client_secret_basic"} [how.method]
 * @param {Record<string, string>} how.routes
 */
export function authority({ issuer, client, secret, redirect, scope, login, asks, pkce = false, renews = false, method = "client_secret_post", routes }) {
  /** @type {{ access: string[], refresh: string[] }} */
  const given = { access: [], refresh: [] };
  const provider = new Provider(issuer, {
    clients: [{
      client_id: client,
      client_secret: secret,
      redirect_uris: [redirect],
      response_types: ["code"],
      grant_types: renews ? ["authorization_code", "refresh_token"] : ["authorization_code"],
      token_endpoint_auth_method: method,
    }],
    scopes: scope.split(" "),
    pkce: { required: () => pkce },
    issueRefreshToken: async () => renews,
    rotateRefreshToken: () => true,
    features: { devInteractions: { enabled: false }, revocation: { enabled: true }, introspection: { enabled: true } },
    findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    routes: { introspection: "/introspection", revocation: "/revocation", ...routes },
    cookies: { keys: ["a key of the test"] },
    ttl: { AccessToken: 3600 },
  });
  provider.on("access_token.saved", ({ jti }) => given.access.push(jti));
  provider.on("refresh_token.saved", ({ jti }) => given.refresh.push(jti));

  /** Somebody is signed in there, and agrees, or is asked to. @param {Request} request @param {Response} response */
  async function interact(request, response) {
    const { uid, prompt, params, session } = await provider.interactionDetails(request, response);
    if (prompt.name !== "consent") return provider.interactionFinished(request, response, { login: { accountId: login } });
    const [, , , answer] = request.url?.split("/") ?? [];
    if (answer === "cancel") return provider.interactionFinished(request, response, { error: "access_denied", error_description: "They did not agree" });
    if (asks !== undefined && answer !== "allow") {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
      return response.end(`<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>Agree?</title></head><body><main>
        <h1>${asks}</h1><p>${params.scope}</p><a href="/interaction/${uid}/allow">Allow access</a> <a href="/interaction/${uid}/cancel">Cancel</a></main></body></html>`);
    }
    const grant = new provider.Grant({ accountId: session?.accountId ?? login, clientId: client });
    grant.addOIDCScope(String(params.scope));
    return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
  }

  /** As a form, which is what the standards ask for; some providers take JSON. @param {string} path @param {Record<string, string>} fields @param {string} [authorization] */
  async function post(path, fields, authorization) {
    const headers = { "content-type": "application/x-www-form-urlencoded", ...(authorization !== undefined && { authorization }) };
    const response = await fetch(`${issuer}${path}`, { method: "POST", headers, body: new URLSearchParams(fields).toString() });
    const text = await response.text();
    return { status: response.status, body: /** @type {any} */ (text === "" ? {} : JSON.parse(text)) };
  }

  const basic = `Basic ${btoa(`${client}:${secret}`)}`;
  /** What the server itself says of a token. @param {string} token */
  async function isActive(token) {
    const own = method === "client_secret_basic" ? {} : { client_id: client, client_secret: secret };
    const { status, body } = await post("/introspection", { token, ...own }, method === "client_secret_basic" ? basic : undefined);
    if (status !== 200) throw new Error(`introspection answers ${status}`);
    return /** @type {boolean} */ (body.active);
  }

  const standard = provider.callback();
  return {
    provider,
    given,
    basic,
    post,
    isActive,
    /** Whether a token may ask for anything. @param {Request} request */
    knows: async (request) => (await provider.AccessToken.find(/^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "none")) !== undefined,
    /** Tokens that are good for something. */
    async alive() {
      const all = [...given.access, ...given.refresh];
      const active = await Promise.all(all.map(isActive));
      return all.filter((_, at) => active[at]);
    },
    /** The access tokens that it gave out are over; what renews them is not. */
    async expire() {
      for (const token of given.access) await (await provider.AccessToken.find(token))?.destroy();
    },
    /**
     * Listens. What `own` does not answer is for the authorization server.
     * @param {(request: Request, response: Response) => Promise<boolean>} own
     */
    async listen(own) {
      const server = createServer((request, response) => {
        const answer = async () => {
          if (request.url?.startsWith("/interaction/")) return void (await interact(request, response));
          if (!(await own(request, response))) standard(request, response);
        };
        answer().catch((error) => {
          console.error(error);
          response.writeHead(500).end();
        });
      });
      // A connection that is closed for being idle, just when it is used again, is another story.
      server.keepAliveTimeout = 120_000;
      const { port, hostname } = new URL(issuer);
      await new Promise((ready) => server.listen(Number(port), hostname, () => ready(undefined)));
      return () => {
        server.closeAllConnections();
        server.close();
      };
    },
  };
}
