/** Two-factor authentication: the app, backup codes, and what is missing. */
import { get, post, remove } from "../api.js";
import { h } from "../dom.js";
import { count, formatMoment } from "../format.js";
import { showBackupCodes } from "../parts/backup-codes.js";
import { copyButton } from "../parts/copy.js";
import { confirmDialog, formDialog } from "../parts/dialog.js";
import { field } from "../parts/field.js";
import { load } from "../parts/load.js";
import { notice } from "../parts/notice.js";
import { skeleton } from "../parts/skeleton.js";
import { toast, toastProblem } from "../parts/toast.js";
import { asProblem, explain } from "../problem.js";
import { refreshSession } from "../session.js";
import { passkeyPart } from "./passkeys.js";

/** @typedef {import("../types.js").SecondFactorStatus} Status */
/** @typedef {import("../types.js").TotpEnrolment} Enrolment */

/** @param {import("../view.js").SignedInView} view */
export function secondFactor({ session, signal }) {
  const { email } = session.user;
  const slot = h("div", { class: "factor-rows" });
  const show = (first = false) => load(slot, {
    signal,
    ...(first && { skeleton: () => skeleton("rows") }),
    fetch: () => /** @type {Promise<Status>} */ (get("/account/second-factor", signal)),
    render: (status) => [
      ...demand(status, session),
      appRow(status),
      passkeyPart(status, { email, changed }),
      ...(status.totp || status.passkeys.length > 0 ? [codesRow(status)] : []),
    ],
  });
  const changed = async (/** @type {string[] | null} */ codes) => {
    if (codes) await showBackupCodes(codes, email);
    await Promise.all([refreshSession(), show()]);
  };

  const appRow = (/** @type {Status} */ status) => row({
    name: "Authenticator app",
    badge: status.totp ? "On" : null,
    hint: status.totp ? "Asked for when you sign in with your password." : "An app on your phone shows a new six-digit code every 30 seconds.",
    action: status.totp
      ? h("button", { type: "button", class: "button danger-quiet", on: { click: () => void takeAway(status) } }, "Remove app")
      : h("button", { type: "button", class: "button primary", on: { click: () => void setUp() } }, "Set up app"),
  });

  const codesRow = (/** @type {Status} */ status) => row({
    name: "Backup codes",
    badge: status.backup_codes_left <= 2 ? "Few left" : null,
    warn: true,
    hint: `${count(status.backup_codes_left, "unused code")} left, for the day you do not have your phone or passkey.`,
    action: h("button", { type: "button", class: "button", on: { click: () => void renew() } }, "Make new codes"),
  });

  const setUp = async () => {
    try {
      const offered = /** @type {Enrolment} */ (await post("/account/totp", {}));
      const codes = await enrol(offered);
      if (codes === undefined) return;
      toast("Authenticator app is on");
      await changed(codes);
    } catch (error) {
      toastProblem(error);
    }
  };

  const takeAway = async (/** @type {Status} */ status) => {
    const last = status.passkeys.length === 0;
    const done = await confirmDialog({
      title: "Remove the authenticator app?",
      text: last
        ? "Your password alone will be enough to sign in, and your backup codes stop working. Other devices are signed out."
        : "Codes of this app are no longer accepted. Your passkeys stay. Other devices are signed out.",
      submit: "Remove app",
      danger: true,
      run: () => remove("/account/totp"),
    });
    if (!done) return;
    toast("Authenticator app removed");
    await changed(null);
  };

  const renew = async () => {
    /** @type {string[]} */
    let codes = [];
    const done = await confirmDialog({
      title: "Make new backup codes?",
      text: "The codes from before stop working.",
      submit: "Make new codes",
      run: async () => {
        codes = /** @type {{ backup_codes: string[] }} */ (await post("/account/backup-codes", {})).backup_codes;
      },
    });
    if (done) await changed(codes);
  };

  const panel = h("section", { class: "card panel", "aria-labelledby": "second-factor" },
    h("header", { class: "panel-head" }, h("h2", { id: "second-factor", tabindex: "-1" }, "Two-factor authentication")),
    h("p", { class: "hint" }, "With a second factor nobody gets in with your password alone."),
    slot);
  void show(true);
  return panel;
}

/** What the workspace asks for. @param {Status} status @param {import("../types.js").Session} session */
function demand(status, session) {
  const { required_from: from, required_by_server: everywhere } = session.second_factor;
  if (status.totp || status.passkeys.length > 0) return [];
  if (everywhere) return [notice("warning", "This server requires two-factor authentication of everybody. Set up an app or a passkey to go on.")];
  if (from === null) return [];
  const due = new Date(from) <= new Date();
  return [notice("warning", due
    ? `${session.workspace.name} requires two-factor authentication. Set up an app or a passkey to go on.`
    : `${session.workspace.name} requires two-factor authentication from ${formatMoment(from)} on.`)];
}

/** @param {{ name: string, badge: string | null, warn?: boolean, hint: string, action: Node }} of */
export const row = ({ name, badge, warn = false, hint, action }) => h("div", { class: "factor-row" },
  h("div", null,
    h("h3", null, name, badge && h("span", { class: `badge ${warn ? "badge-warning" : "badge-good"}` }, badge)),
    h("p", { class: "hint" }, hint)),
  action);

/** In groups of four, to be typed. @param {string} secret */
const grouped = (secret) => secret.replace(/(.{4})(?=.)/g, "$1 ");

/** Shows the secret, and takes the first code. Answers the backup codes; undefined when it was given up. @param {Enrolment} offered */
async function enrol(offered) {
  /** @type {string[] | null} */
  let codes = null;
  const code = field({ label: "Code from the app", name: "code", class: "input code-input", autocomplete: "one-time-code", inputmode: "numeric", maxlength: 7, required: true });
  const done = await formDialog({
    title: "Set up your authenticator app",
    body: [
      h("ol", { class: "enrol-steps" },
        h("li", null,
          h("p", null, "Scan this with an app such as Google Authenticator, 1Password or Aegis."),
          h("img", { class: "qr", width: 200, height: 200, alt: "QR code for your authenticator app", src: `data:image/svg+xml;base64,${btoa(offered.qr_svg)}` }),
          h("details", null,
            h("summary", null, "Cannot scan it?"),
            h("p", { class: "hint" }, "Type this key into the app, for a time-based code:"),
            h("p", { class: "manual-key" }, h("code", null, grouped(offered.secret)), copyButton("Copy key", () => offered.secret)),
            h("p", { class: "hint" }, h("a", { href: offered.otpauth_uri }, "Open in an app on this device")))),
        h("li", null, code.element)),
    ],
    submit: "Turn on",
    ready: () => code.input.value.replace(/\s/g, "").length === 6,
    run: async () => {
      codes = /** @type {{ backup_codes: string[] | null }} */ (await post("/account/totp/confirmed", { code: code.input.value })).backup_codes;
    },
    refused(error) {
      if (asProblem(error).code !== "wrong_code") return false;
      code.error(explain(error));
      code.input.select();
      return true;
    },
  });
  return done ? codes : undefined;
}
