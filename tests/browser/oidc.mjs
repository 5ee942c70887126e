/** A real OpenID provider on this machine: the certified oidc-provider, where somebody signs in without being asked. */
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { exportJWK, generateKeyPair, jwtVerify } from "jose";
import Provider, { interactionPolicy } from "oidc-provider";

/** @typedef {{ sub: string, email: string, email_verified: boolean | string }} Person */

const env = (/** @type {string} */ name) => process.env[name] ?? "";

/** Where each is to run, as `tests/services` told the server; empty when it did not. */
export const GOOGLE = env("PERNOEX_TEST_GOOGLE");
export const APPLE = env("PERNOEX_TEST_APPLE");

/**
 * @param {object} options
 * @param {string} options.issuer
 * @param {"RS256" | "ES256"} options.alg
 * @param {string} options.redirect
 * @param {boolean} options.apple a signed client secret, a refresh token without being asked, and no PKCE
 */
export async function openProvider({ issuer, alg, redirect, apple }) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const key = { ...(await exportJWK(privateKey)), alg, use: "sig", kid: `${alg}-1` };
  const prompts = interactionPolicy.base();
  prompts.add(new interactionPolicy.Prompt({ name: "select_account", requestable: true }), 0);
  /** @type {Person} */
  let person = { sub: "nobody", email: "nobody@gmail.com", email_verified: true };
  let revoked = 0;
  const provider = new Provider(issuer, {
    jwks: { keys: [key] },
    clients: [{
      client_id: "pernoex.test",
      client_secret: "a-client-secret-of-the-test",
      redirect_uris: [redirect],
      response_types: ["code"],
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: "client_secret_post",
      id_token_signed_response_alg: alg,
    }],
    conformIdTokenClaims: false,
    scopes: ["openid", "offline_access", "email", "profile", "name"],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], name: ["name"] },
    pkce: { required: () => !apple },
    issueRefreshToken: async () => apple,
    features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
    findAccount: (_, id) => ({ accountId: id, claims: async () => ({ ...person, sub: id }) }),
    interactions: { policy: prompts, url: (_, { uid }) => `/interaction/${uid}` },
    cookies: { keys: ["a key of the test"] },
  });
  if (apple) {
    const verifies = createPublicKey(readFileSync(env("PERNOEX_TEST_APPLE_KEY")));
    provider.Client.prototype.compareClientSecret = async (/** @type {string} */ given) => {
      const expected = { issuer: "TEAM123456", subject: "pernoex.test", audience: issuer, algorithms: ["ES256"] };
      return jwtVerify(given, verifies, expected).then(() => true, () => false);
    };
  }
  provider.on("grant.revoked", () => { revoked += 1; });

  /** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response */
  async function interact(request, response) {
    const { prompt, params, session } = await provider.interactionDetails(request, response);
    if (prompt.name !== "consent") {
      const login = { login: { accountId: person.sub } };
      return provider.interactionFinished(request, response, prompt.name === "login" ? login : { select_account: {}, ...login });
    }
    const grant = new provider.Grant({ accountId: session?.accountId ?? person.sub, clientId: String(params.client_id) });
    grant.addOIDCScope(String(params.scope));
    const grantId = await grant.save();
    return provider.interactionFinished(request, response, { consent: { grantId } }, { mergeWithLastSubmission: true });
  }

  const answer = provider.callback();
  const server = createServer((request, response) => {
    if (!request.url?.startsWith("/interaction/")) return void answer(request, response);
    interact(request, response).catch((error) => {
      console.error(error);
      response.writeHead(500).end();
    });
  });
  const { port, hostname } = new URL(issuer);
  await new Promise((ready) => server.listen(Number(port), hostname, () => ready(undefined)));
  return {
    /** Who signs in there from now on. @param {Person} next */
    be(next) {
      person = next;
    },
    /** Grants that were ended. */
    revoked: () => revoked,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
