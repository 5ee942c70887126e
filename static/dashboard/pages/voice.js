import { get, post } from "../api.js";
import { h, replace } from "../dom.js";
import { formDialog } from "../parts/dialog.js";
import { empty } from "../parts/empty.js";
import { field, select } from "../parts/field.js";
import { focusOnPage } from "../parts/focus.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { asProblem, explain } from "../problem.js";
import { agentPanel } from "../voice/agent.js";
import { showSecret } from "../voice/secret.js";
import { PROVIDERS } from "../voice/words.js";

/** @typedef {import("../types.js").VoiceAgent} VoiceAgent */
/** @typedef {import("../types.js").VoiceConnected} VoiceConnected */
/** @typedef {import("../types.js").VoiceProvider} VoiceProvider */

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, signal, title }) {
  title(`Voice · ${project.name}`);
  const path = `/projects/${project.id}/voice`;
  const slot = h("div");
  const connectButton = (/** @type {string} */ kind) => h("button", { type: "button", class: `button ${kind}`, on: { click: () => void connect() } }, icon("plus"), "Connect an agent");
  const top = h("div");
  outlet.append(top, slot);

  const show = (first = false) => load(slot, {
    signal,
    ...(first && { skeleton: () => skeleton("rows") }),
    fetch: () => /** @type {Promise<{ agents: VoiceAgent[] }>} */ (get(path, signal)),
    render: ({ agents }) => {
      head(agents.length > 0);
      return agents.length === 0
        ? empty("voice", "No voice agent yet", "Connect ElevenLabs, Retell, Vapi, Bland or your own: calls become conversations here, and the agent can ask this project’s documents in the middle of a call.", connectButton("primary"))
        : h("div", { class: "stack voice-agents" }, agents.map((agent) => agentPanel(path, agent, (focus) => void changed(focus))));
    },
  });

  /** @param {string} [focus] */
  async function changed(focus) {
    await show();
    focusOnPage(focus);
  }

  /** @param {boolean} some */
  function head(some) {
    replace(top, heading("Voice", { lead: "Agents that answer the phone.", actions: [some && connectButton("primary")] }));
  }

  async function connect() {
    /** @type {VoiceProvider} */
    let provider = "elevenlabs";
    const header = field({ label: "Signature header", name: "header", optional: true, hint: "As the HMAC credential in Vapi names it. Left empty: x-signature.", maxlength: 64, spellcheck: "false", autocapitalize: "none", autocomplete: "off" });
    header.element.hidden = true;
    const choices = /** @type {[string, string][]} */ (Object.entries(PROVIDERS).map(([key, { name }]) => [key, name]));
    const chooser = select("Provider", choices, provider, (next) => {
      provider = /** @type {VoiceProvider} */ (next);
      header.element.hidden = provider !== "vapi";
    });
    chooser.className = "field";
    /** @type {VoiceConnected | null} */
    let connected = null;
    const done = await formDialog({
      title: "Connect a voice agent",
      body: [
        chooser,
        header.element,
      ],
      submit: "Connect",
      run: async () => {
        const name = provider === "vapi" ? header.input.value.trim() : "";
        connected = await post(path, name === "" ? { provider } : { provider, header: name });
      },
      refused(error) {
        if (asProblem(error).field !== "header") return false;
        header.error(explain(error));
        header.input.focus();
        return true;
      },
    });
    const made = /** @type {VoiceConnected | null} */ (connected);
    if (!done || !made) return;
    if (made.secret) await showSecret(made, made.secret);
    await changed(`agent-${made.id}`);
  }

  head(false);
  void show(true);
}
