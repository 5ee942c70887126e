/** The accounts elsewhere that open this one. */
import { get, post, remove } from "../api.js";
import { h } from "../dom.js";
import { formatMoment } from "../format.js";
import { confirmDialog } from "../parts/dialog.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { toast, toastProblem } from "../parts/toast.js";

/** @typedef {import("../types.js").Provider} Provider */
/** @typedef {{ provider: Provider, email: string, linked_at: string }} Identity */
/** @typedef {{ identities: Identity[], available: Provider[] }} Identities */

/** @param {import("../view.js").SignedInView} view */
export function identities({ signal }) {
  const list = h("div");
  const show = () => load(list, {
    signal,
    skeleton: () => skeleton("rows"),
    fetch: () => /** @type {Promise<Identities>} */ (get("/account/identities", signal)),
    render: (found) => {
      // A provider that is not set up any more can still be unlinked.
      const others = found.identities.map(({ provider }) => provider).filter(({ name }) => !found.available.some((one) => one.name === name));
      const all = [...found.available, ...others];
      panel.hidden = all.length === 0;
      return h("ul", { class: "session-list" }, all.map((provider) => line(provider, found.identities.find((one) => one.provider.name === provider.name))));
    },
  });

  /** @param {Provider} provider @param {Identity | undefined} identity */
  const line = (provider, identity) => h("li", { class: "session-line" },
    h("div", null,
      h("p", { class: "session-name" }, provider.title, identity && h("span", { class: "badge badge-info" }, "Linked")),
      h("p", { class: "hint" }, identity
        ? [identity.email, identity.email && " · ", "since ", h("time", { datetime: identity.linked_at }, formatMoment(identity.linked_at))]
        : `Link it to sign in with ${provider.title}.`)),
    identity
      ? h("button", { type: "button", class: "button small", "aria-label": `Unlink ${provider.title}`, on: { click: () => void unlink(provider) } }, "Unlink")
      : h("button", { type: "button", class: "button small", "aria-label": `Link ${provider.title}`, on: { click: () => void link(provider) } }, "Link"));

  const link = async (/** @type {Provider} */ { name }) => {
    try {
      const { url } = /** @type {{ url: string }} */ (await post(`/account/identities/${name}/link`, undefined));
      location.assign(url);
    } catch (error) {
      toastProblem(error);
    }
  };

  const unlink = async (/** @type {Provider} */ { name, title }) => {
    const done = await confirmDialog({
      title: `Unlink ${title}?`,
      text: `You can no longer sign in with ${title}. Your other ways to sign in stay. Every other session of yours ends.`,
      submit: "Unlink",
      run: () => remove(`/account/identities/${name}`),
    });
    if (!done) return;
    toast(`${title} is unlinked`);
    await show();
    panel.querySelector("h2")?.focus();
  };

  const panel = h("section", { class: "card panel", "aria-labelledby": "identities" },
    h("header", { class: "panel-head" }, h("h2", { id: "identities", tabindex: "-1" }, "Sign in with")),
    list);
  void show();
  return panel;
}
