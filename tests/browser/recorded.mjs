/** What GitHub itself was recorded to answer: the fixtures of Octokit, with this machine's address in the place of GitHub's. */
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** @typedef {{ method: string, path: string, status: number, headers: Record<string, string>, response: any }} Recorded */

/** @param {string} scenario @param {string} api where GitHub's API is now @returns {Recorded[]} */
export function scenario(scenario, api) {
  const text = JSON.stringify(require(`@octokit/fixtures/scenarios/api.github.com/${scenario}/normalized-fixture.json`));
  return JSON.parse(text.replaceAll("https://api.github.com", api));
}

/** As it was said, but for what depends on its length. @param {import("node:http").ServerResponse} response @param {Recorded} recorded */
export function say(response, { status, headers, response: body }) {
  const { "content-length": _, "content-encoding": __, "transfer-encoding": ___, connection: ____, ...said } = headers;
  response.writeHead(status, said);
  response.end(JSON.stringify(body));
}
