/** Report a vulnerability: without an account, and without a name for whoever prefers that. */
import { anonymous, get } from "../api.js";
import { fileChoice } from "../disclosure/files.js";
import { foot } from "../disclosure/foot.js";
import { utc } from "../disclosure/words.js";
import { h, replace, webAddress } from "../dom.js";
import { copyButton } from "../parts/copy.js";
import { field } from "../parts/field.js";
import { heading } from "../parts/heading.js";
import { load } from "../parts/load.js";
import { notice, problemNotice } from "../parts/notice.js";
import { skeleton } from "../parts/skeleton.js";
import { asProblem } from "../problem.js";

/** @typedef {import("../types.js").ReportProgram} ReportProgram */

/** @param {import("../view.js").View} view */
export default function page({ outlet, signal, title }) {
  title("Report a vulnerability");
  const slot = h("div", { class: "stack public-page" });
  outlet.append(slot);
  void load(slot, {
    signal,
    skeleton: () => skeleton("form"),
    fetch: () => /** @type {Promise<ReportProgram>} */ (get("/disclosure", signal)),
    render: (program) => [
      heading("Report a vulnerability", { lead: "You found something that lets somebody see or do what they should not. Tell those who run this installation: no account is needed." }),
      promises(program),
      form(program, slot, title),
      program.key !== null && keyPanel(program.key),
      foot("/security/report"),
    ].filter((part) => part instanceof HTMLElement),
    failed: (trouble) => [heading("Report a vulnerability"), trouble],
  });
}

/** @param {ReportProgram} program */
const promises = (program) =>
  h("section", { class: "card panel", "aria-labelledby": "promises" },
    h("div", { class: "panel-head" }, h("h2", { id: "promises" }, "What you can expect")),
    h("ul", { class: "report-promises" },
      h("li", null, `An acknowledgement within ${program.acknowledge_hours} hours.`),
      h("li", null, `Once it is confirmed, within ${program.timeline_business_days} business days a day by which it is mended.`),
      h("li", null, "Word of each change, and when it is mended."),
      h("li", null, "Thanks in public by the name that you choose, or none at all.")),
    h("p", null, "In return: look at no more than it takes to show the problem, change and keep nothing of others’, and give us time before you tell anybody else."),
    program.policy !== null && webAddress(program.policy) && h("p", null, h("a", { href: program.policy, target: "_blank", rel: "noopener noreferrer" }, "The whole policy", h("span", { class: "sr-only" }, " (opens in a new tab)"))),
    program.contact !== null && h("p", { class: "hint" }, "By mail instead: ", h("a", { href: `mailto:${program.contact}` }, program.contact)));

/** @param {string} key */
const keyPanel = (key) =>
  h("section", { class: "card panel", "aria-labelledby": "key" },
    h("div", { class: "panel-head" }, h("h2", { id: "key" }, "Our OpenPGP key"),
      h("div", { class: "button-row" }, copyButton("Copy the key", () => key), h("a", { class: "button small", href: "/security/pgp-key.asc", download: "" }, "Download"))),
    h("p", { class: "hint" }, "For what you would rather encrypt yourself: paste the encrypted text above, or attach it as a file that ends in .asc."),
    h("pre", { class: "snippet report-key", tabindex: "0", "aria-label": "OpenPGP public key" }, key.trim()));

/** @param {ReportProgram} program @param {HTMLElement} slot @param {(title: string) => void} title */
function form(program, slot, title) {
  const what = field({ label: "What is it?", hint: "In a few words, such as “A widget answers from another project”.", name: "title", maxlength: 200, autocomplete: "off", required: true });
  const details = field({ label: "How does it go?", hint: "What you did, step by step, what happened, and what it lets somebody do.", name: "details", multiline: true, rows: 10, maxlength: 50_000, required: true });
  const files = fileChoice(program, "Files");
  const name = field({ label: "Your name", name: "name", optional: true, autocomplete: "name", maxlength: 80 });
  const email = field({ label: "Your e-mail address", hint: "To be told of each change. The private link that you get works without.", type: "email", name: "email", optional: true, autocomplete: "email", inputmode: "email" });
  const credit = field({ label: "Thank me in public as", hint: "Left empty, you are thanked without a name.", name: "credit", optional: true, autocomplete: "off", maxlength: 80 });
  const person = h("div", { class: "stack" }, name.element, email.element, credit.element);
  const unnamed = h("input", { type: "checkbox", name: "anonymous" });
  unnamed.addEventListener("change", () => (person.hidden = unnamed.checked));
  const trouble = h("div");
  const button = h("button", { type: "submit", class: "button primary" }, "Send the report");
  const element = h("form", { class: "card panel stack", novalidate: true, "aria-label": "Report" },
    trouble, what.element, details.element, files.element,
    h("label", { class: "report-check" }, unnamed, h("span", null, h("strong", null, "Stay anonymous"), h("span", { class: "hint" }, " Nothing says who you are: no name, no address, and neither the log nor the database has the address that you come from."))),
    person, h("p", null, button));
  let running = false;
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (running) return;
    trouble.replaceChildren();
    for (const input of [what, details]) if (input.input.value.trim() === "") input.error("This is needed.");
    const wrong = element.querySelector("[aria-invalid]");
    if (wrong instanceof HTMLElement) return wrong.focus();
    const said = (/** @type {import("../parts/field.js").Field} */ { input }) => (unnamed.checked || input.value.trim() === "" ? null : input.value.trim());
    running = true;
    button.classList.add("busy");
    try {
      const body = { title: what.input.value, details: details.input.value, name: said(name), email: said(email), credit: said(credit) };
      const receipt = /** @type {import("../types.js").ReportReceipt} */ (await anonymous("POST", "/disclosure/reports", body));
      const refused = await files.send(receipt.token);
      title("Your report is here");
      replace(slot, receiptPanel(receipt, refused, body.email), foot("/security/report"));
      const head = slot.querySelector("h1");
      if (head) head.tabIndex = -1;
      head?.focus();
      scrollTo(0, 0);
    } catch (error) {
      const at = { title: what, details, name, email, credit }[asProblem(error).field ?? ""];
      if (at) {
        at.error(asProblem(error).detail ?? "");
        at.input.focus();
      } else replace(trouble, problemNotice(error));
    } finally {
      running = false;
      button.classList.remove("busy");
    }
  });
  return element;
}

/** @param {import("../types.js").ReportReceipt} receipt @param {string[]} refused @param {string | null} email */
function receiptPanel(receipt, refused, email) {
  const link = `${location.origin}/security/status#${receipt.token}`;
  return h("div", { class: "stack" },
    heading("Your report is here", { lead: `Thank you. It is ${receipt.reference}, and is acknowledged by ${utc(receipt.acknowledge_by)}.` }),
    refused.length > 0 && notice("warning", [h("p", null, "Not every file was taken. Your report is here all the same, and you can send others from its page."), h("ul", null, refused.map((line) => h("li", null, line)))], { alert: true }),
    h("section", { class: "card panel stack", "aria-labelledby": "link" },
      h("div", { class: "panel-head" }, h("h2", { id: "link" }, "Your private link"), copyButton("Copy the link", () => link)),
      h("p", null, "Follow your report and write about it there. ", h("strong", null, "Keep the link: it is shown this once."), " Only a hash of it is stored, and whoever has it reads the report.", email !== null && ` It is on its way to ${email} too.`),
      h("pre", { class: "snippet", tabindex: "0", "aria-label": "Private link" }, link),
      h("p", null, h("a", { class: "button primary", href: `/security/status#${receipt.token}` }, "Go to your report"))));
}
