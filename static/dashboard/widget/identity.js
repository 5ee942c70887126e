/** The secret by which a website says who its visitors are. */
import { post, remove } from "../api.js";
import { h, replace } from "../dom.js";
import { formatDate, formatMoment } from "../format.js";
import { confirmDialog } from "../parts/dialog.js";
import { showSecretOnce } from "../parts/secret.js";
import { toast } from "../parts/toast.js";

/** @typedef {import("../types.js").WidgetIdentity} WidgetIdentity */
/** @typedef {import("../types.js").WidgetSetup} WidgetSetup */

/** @param {string} project @param {WidgetSetup} setup */
export function identityEditor(project, setup) {
  const path = `/projects/${project}/widget/identity`;
  let identity = setup.identity;
  const state = h("p", { class: "hint" });
  const make = h("button", { type: "button", class: "button" });
  const drop = h("button", { type: "button", class: "button danger-quiet" }, "Remove secret");
  const draw = () => {
    replace(state, identity
      ? `In use since ${formatDate(identity.since)}.${identity.previous_until ? ` The secret before it is good too until ${formatMoment(identity.previous_until)}.` : ""}`
      : "There is no secret: every visitor is nobody in particular.");
    make.textContent = identity ? "Rotate secret" : "Create secret";
    drop.hidden = identity === null;
  };
  const create = async () => {
    const made = /** @type {{ identity: WidgetIdentity, secret: string }} */ (await post(path, undefined));
    identity = made.identity;
    draw();
    return made.secret;
  };
  make.addEventListener("click", async () => {
    let secret = "";
    if (identity) {
      await confirmDialog({
        title: "Rotate the identity secret?",
        text: "A new secret is made. For a day both are good, so that your server can change over and nobody is refused.",
        submit: "Rotate secret",
        run: async () => void (secret = await create()),
      });
    } else {
      await confirmDialog({
        title: "Create an identity secret?",
        text: "Your server signs with it who is signed in on your website. Keep it on your server: whoever has it can read the conversations of any of your users.",
        submit: "Create secret",
        run: async () => void (secret = await create()),
      });
    }
    if (secret !== "") await showSecretOnce({ title: "Identity secret", lead: "Your server signs user tokens with it: JSON Web Tokens, HS256. The whole text is the key.", secret });
  });
  drop.addEventListener("click", () => void confirmDialog({
    title: "Remove the identity secret?",
    text: "User tokens are refused from now on, and the widget tells those visitors that it cannot confirm who they are.",
    submit: "Remove secret",
    danger: true,
    async run() {
      await remove(path);
      identity = null;
      draw();
      toast("Identity secret removed");
    },
  }));
  draw();
  return h("div", { class: "stack" },
    h("p", { class: "hint" }, "Who is signed in on your website goes on with their conversation on every device, and your team sees who asks. Your server signs a user token for them:"),
    h("pre", { class: "snippet", tabindex: "0", "aria-label": "Example of a user token" }, h("code", null, `jwt.sign({ sub: user.id, name: user.name, email: user.email, aud: "${setup.public_key}" },\n  process.env.PERNOEX_IDENTITY_SECRET, { algorithm: "HS256", expiresIn: "1h" })`)),
    h("p", { class: "hint" }, "The page hands it over as data-user-token in the snippet, or by Pernoex.identify(token). Name and e-mail are optional; a token is good for 24 hours at most."),
    state, h("div", { class: "button-row" }, make, drop));
}
