/** Passkeys: add, name, remove. */
import { patch, post, remove } from "../api.js";
import { h } from "../dom.js";
import { formatAgo, formatDate, formatMoment } from "../format.js";
import { confirmDialog, formDialog } from "../parts/dialog.js";
import { field } from "../parts/field.js";
import { canUsePasskeys, createPasskey, isKnown, wasCancelled } from "../parts/passkey.js";
import { actionMenu } from "../parts/popover.js";
import { toast, toastProblem } from "../parts/toast.js";
import { asProblem, explain } from "../problem.js";
import { deviceName } from "./sessions.js";

/** @typedef {import("../types.js").SecondFactorStatus} Status */
/** @typedef {import("../types.js").Passkey} Passkey */
/** @typedef {{ email: string, changed: (codes: string[] | null) => Promise<void> }} Around */

/** @param {Status} status @param {Around} around */
export function passkeyPart(status, around) {
  const possible = status.passkeys_available && canUsePasskeys();
  const hint = possible
    ? "Your fingerprint, face, PIN or security key. Also lets you sign in without a password."
    : "Passkeys need a browser that has them, and a server that is reached by a name over HTTPS.";
  return h("div", { class: "factor-row factor-row-list" },
    h("div", null,
      h("h3", null, "Passkeys", status.passkeys.length > 0 && h("span", { class: "badge badge-good" }, "On")),
      h("p", { class: "hint" }, hint)),
    h("button", { type: "button", class: "button", disabled: !possible, on: { click: () => void add(around) } }, "Add passkey"),
    status.passkeys.length > 0 && h("ul", { class: "passkeys", "aria-label": "Your passkeys" }, status.passkeys.map((passkey) => line(status, passkey, around))));
}

/** @param {Status} status @param {Passkey} passkey @param {Around} around */
const line = (status, passkey, around) => h("li", { class: "session-line" },
  h("div", null,
    h("p", { class: "session-name" }, passkey.name),
    h("p", { class: "hint" },
      "Added ", h("time", { datetime: passkey.created_at, title: formatMoment(passkey.created_at) }, formatDate(passkey.created_at)),
      passkey.used_at === null ? " · not used yet" : [" · last used ", h("time", { datetime: passkey.used_at, title: formatMoment(passkey.used_at) }, formatAgo(passkey.used_at))])),
  actionMenu(`Actions for ${passkey.name}`, () => [
    { label: "Rename", icon: "pencil", run: () => void rename(passkey, around) },
    { label: "Remove", icon: "trash", danger: true, run: () => void takeAway(status, passkey, around) },
  ]));

/** @param {Around} around */
async function add({ changed }) {
  try {
    const asked = /** @type {{ ticket: string, options: Record<string, any> }} */ (await post("/account/passkeys/options", {}));
    const credential = await createPasskey(asked.options);
    const name = deviceName(navigator.userAgent);
    const added = /** @type {{ backup_codes: string[] | null }} */ (await post("/account/passkeys", { ticket: asked.ticket, name, credential }));
    toast("Passkey added");
    await changed(added.backup_codes);
  } catch (error) {
    if (isKnown(error)) toast("This device has a passkey for your account already.", "failed");
    else if (!wasCancelled(error)) toastProblem(error);
  }
}

/** @param {Passkey} passkey @param {Around} around */
async function rename(passkey, { changed }) {
  const name = field({ label: "Name", value: passkey.name, maxlength: 80, autocomplete: "off" });
  const done = await formDialog({
    title: "Rename passkey",
    body: [name.element],
    submit: "Save name",
    ready: () => name.input.value.trim() !== "",
    run: () => patch(`/account/passkeys/${passkey.id}`, { name: name.input.value.trim() }),
    refused(error) {
      if (asProblem(error).code !== "invalid_name") return false;
      name.error(explain(error));
      return true;
    },
  });
  if (done) await changed(null);
}

/** @param {Status} status @param {Passkey} passkey @param {Around} around */
async function takeAway(status, passkey, { changed }) {
  const last = !status.totp && status.passkeys.length === 1;
  const done = await confirmDialog({
    title: "Remove this passkey?",
    text: `${passkey.name} no longer signs you in.${last ? " It is your last second factor: your password alone will be enough, and your backup codes stop working." : ""} Other devices are signed out. Remove it from your device or password manager as well.`,
    submit: "Remove passkey",
    danger: true,
    run: () => remove(`/account/passkeys/${passkey.id}`),
  });
  if (!done) return;
  toast("Passkey removed");
  await changed(null);
}
