/** Slack on this machine: a page where somebody agrees to an app, the calls that follow, and what is said in channels. */
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { SERVER } from "./support.mjs";

/** Where it is to run, as `tests/services` told the server; empty when it did not. */
export const SLACK = process.env["PERNOEX_TEST_SLACK"] ?? "";

/** @param {import("node:http").IncomingMessage} request */
async function bodyOf(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

/** @typedef {{ user: string, ts: string, text: string }} Said */
/** @typedef {Said & { replies: Said[] }} Thread */

export async function openSlack() {
  /** What is said in them; null where the app is not. @type {Map<string, { name: string, threads: Thread[] | null }>} */
  const channels = new Map();
  /** @type {Record<string, string>} */
  let people = {};

  /** What is asked of channels. @param {string} method @param {URLSearchParams} form */
  function read(method, form) {
    const channel = channels.get(form.get("channel") ?? "");
    const whole = { ok: true, has_more: false, response_metadata: { next_cursor: "" } };
    switch (method) {
      case "conversations.list":
        return { ...whole, channels: [...channels].map(([id, { name, threads }]) => ({ id, name, is_channel: true, is_member: threads !== null })) };
      case "conversations.history":
        if (!channel?.threads) return { ok: false, error: channel ? "not_in_channel" : "channel_not_found" };
        return { ...whole, messages: channel.threads.map(({ replies, ...root }) => ({ type: "message", ...root, ...(replies.length > 0 && { thread_ts: root.ts, reply_count: replies.length, latest_reply: replies.at(-1)?.ts }) })) };
      case "conversations.replies": {
        const thread = channel?.threads?.find(({ ts }) => ts === form.get("ts"));
        if (!thread) return { ok: false, error: "thread_not_found" };
        const { replies, ...root } = thread;
        return { ...whole, messages: [root, ...replies].map((said) => ({ type: "message", ...said, thread_ts: root.ts })) };
      }
      case "users.info": return { ok: true, user: { id: form.get("user"), name: "x", profile: { display_name: people[form.get("user") ?? ""] ?? "" } } };
      case "auth.test": return { ok: true, url: "https://orchard.slack.com/", team: team.name };
      default: return null;
    }
  }

  const [client, secret] = ["1234.5678", "a-client-secret-of-slack"];
  /** @type {Set<string>} */
  const tokens = new Set();
  let revoked = 0;
  let team = { id: "T0", name: "Nobody" };
  /** What it says next instead of taking a message. @type {string | null} */
  let refusal = null;

  /** @param {import("node:http").IncomingMessage} request @param {URL} url */
  async function answer(request, url) {
    const bearer = (request.headers.authorization ?? "").replace("Bearer ", "");
    const text = await bodyOf(request);
    if (url.pathname === "/api/oauth.v2.access") {
      const basic = `Basic ${Buffer.from(`${client}:${secret}`).toString("base64")}`;
      if (request.headers.authorization !== basic) return { ok: false, error: "bad_client_secret" };
      if (new URLSearchParams(text).get("code") !== "a-code") return { ok: false, error: "invalid_code" };
      const token = `xoxb-${Math.random()}`;
      tokens.add(token);
      return { ok: true, access_token: token, token_type: "bot", bot_user_id: "UBOT", app_id: "A1", team, is_enterprise_install: false };
    }
    if (!tokens.has(bearer)) return { ok: false, error: "invalid_auth" };
    if (url.pathname === "/api/auth.revoke") {
      tokens.delete(bearer);
      revoked += 1;
      return { ok: true, revoked: true };
    }
    if (url.pathname === "/api/chat.postMessage" && refusal !== null) {
      const error = refusal;
      refusal = null;
      return { ok: false, error };
    }
    return read(url.pathname.replace("/api/", ""), new URLSearchParams(text)) ?? { ok: true, ts: "1.1" };
  }

  /** @param {import("node:http").ServerResponse} response @param {URL} url */
  function ask(response, url) {
    const back = (/** @type {Record<string, string>} */ told) => {
      const to = new URL(url.searchParams.get("redirect_uri") ?? "");
      for (const [name, value] of Object.entries({ ...told, state: url.searchParams.get("state") ?? "" })) to.searchParams.set(name, value);
      return to.href.replaceAll("&", "&amp;");
    };
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(`<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>Slack</title></head><body><main>
      <h1>Pernoex asks for access to ${team.name}</h1><p>${url.searchParams.get("scope")}</p>
      <a href="${back({ code: "a-code" })}">Allow</a> <a href="${back({ error: "access_denied" })}">Cancel</a></main></body></html>`);
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", SLACK);
    if (url.pathname === "/oauth/v2/authorize") return void ask(response, url);
    answer(request, url).then((said) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(said));
    }, (error) => {
      console.error(error);
      response.writeHead(500).end();
    });
  });
  const { port, hostname } = new URL(SLACK);
  await new Promise((ready) => server.listen(Number(port), hostname, () => ready(undefined)));
  return {
    /** The team of whoever agrees from now on. @param {{ id: string, name: string }} next */
    be(next) {
      team = next;
    },
    /** Who is there, by their ids. @param {Record<string, string>} all */
    people(all) {
      people = all;
    },
    /** @param {string} id @param {string} name @param {Thread[] | null} threads */
    channel(id, name, threads) {
      channels.set(id, { name, threads });
    },
    /** Takes the next message not, and says why. @param {string} error */
    refuseOnce(error) {
      refusal = error;
    },
    /** Somebody mentions the app in a channel. @param {string} channel */
    async mention(channel) {
      const now = Math.floor(Date.now() / 1000);
      const event = { type: "app_mention", user: "U1", text: "<@UBOT> How do I prune?", ts: `${now}.1`, channel };
      const body = JSON.stringify({ type: "event_callback", team_id: team.id, event_id: `Ev${Math.random()}`, event_time: now, event });
      const signature = createHmac("sha256", "8f742231b10e8888abcd99yyyzzz85a5").update(`v0:${now}:${body}`).digest("hex");
      const headers = { "x-slack-request-timestamp": String(now), "x-slack-signature": `v0=${signature}`, "content-type": "application/json" };
      const response = await fetch(`${SERVER}/webhooks/slack/events`, { method: "POST", headers, body });
      if (!response.ok) throw new Error(`the server answers ${response.status} to an event`);
    },
    /** Tokens that were ended. */
    revoked: () => revoked,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
