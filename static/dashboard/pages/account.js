import { email } from "../account/email.js";
import { password } from "../account/password.js";
import { secondFactor } from "../account/second-factor.js";
import { identities } from "../account/identities.js";
import { sessions } from "../account/sessions.js";
import { heading } from "../parts/heading.js";

/** @param {import("../view.js").SignedInView} view */
export default function page(view) {
  view.title("Account");
  view.outlet.append(
    heading("Account", { lead: view.session.user.email }),
    email(view),
    password(view),
    secondFactor(view),
    identities(view),
    sessions(view),
  );
}
