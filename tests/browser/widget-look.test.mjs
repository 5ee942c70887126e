/** How the widget looks and moves: colours, languages, phones, and that the page around it does not move. */
import assert from "node:assert/strict";
import { deflateSync, crc32 } from "node:zlib";
import { after, before, test } from "node:test";
import { contrast, palette } from "../../static/widget/color.js";
import { questions, unanswerable } from "./fixtures/product.mjs";
import { allowWebsite, createProject, signUp, uploadDocuments, visit } from "./people.mjs";
import { barriers, comesTo, openBrowser, openPage, openSite, ANSWERING } from "./support.mjs";

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof openSite>>} */
let site;
/** @type {Awaited<ReturnType<typeof openPage>>} */
let team;
let origin = "";
const question = questions[1]?.ask ?? "";
const SHOTS = process.env["SHOTS"];

/** @param {import("playwright-core").Page} page @param {string} name */
const shot = async (page, name) => void (SHOTS && (await page.screenshot({ path: `${SHOTS}/${name}.png` })));

before(async () => {
  [browser, site] = await Promise.all([openBrowser(), openSite()]);
  team = await openPage(browser);
  await signUp(team.page);
  await createProject(team.page, "Halvern H3");
  await uploadDocuments(team.page);
  const snippet = await allowWebsite(team.page, site.origin);
  origin = new URL(/src="([^"]+)"/.exec(snippet)?.[1] ?? "").origin;
  site.carry(snippet);
});
after(async () => {
  site.close();
  await browser.close();
});

/** @param {Parameters<typeof openPage>[1]} [options] @param {string} [path] */
async function visitor(options, path = "/") {
  const opened = await openPage(browser, { ...options, sites: [site.origin, origin] });
  await opened.page.goto(site.origin + path);
  const widget = opened.page.locator("pernoex-widget");
  await widget.locator(".launcher").waitFor();
  return { ...opened, widget, launcher: widget.locator(".launcher"), panel: widget.locator(".panel") };
}

/** @param {import("playwright-core").Locator} widget @param {string} text */
async function ask(widget, text) {
  const rated = widget.locator(".rate");
  const earlier = await rated.count();
  await widget.locator(".box textarea").fill(text);
  await widget.page().keyboard.press("Enter");
  await rated.nth(earlier).waitFor({ timeout: ANSWERING });
}

/** A square of one colour. @param {number} size */
function png(size) {
  const chunk = (/** @type {string} */ kind, /** @type {Buffer} */ data) => {
    const body = Buffer.concat([Buffer.from(kind), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const row = Buffer.concat([Buffer.from([0]), ...Array.from({ length: size }, () => Buffer.from([240, 180, 20]))]);
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk("IHDR", head), chunk("IDAT", deflateSync(Buffer.concat(Array.from({ length: size }, () => row)))), chunk("IEND", Buffer.alloc(0))]);
}

test("nothing on the page moves when the widget comes, opens and answers, and its script is one request", async () => {
  const { page, widget, launcher, calm, close } = await visitor();
  /** @type {string[]} */
  const requested = [];
  page.on("request", (request) => requested.push(new URL(request.url()).pathname));
  await page.addInitScript(() => {
    Reflect.set(globalThis, "shifts", []);
    new PerformanceObserver((list) => Reflect.get(globalThis, "shifts").push(...list.getEntries().map((entry) => /** @type {any} */ (entry).value))).observe({ type: "layout-shift", buffered: true });
  });
  await page.reload();
  await launcher.click();
  await ask(widget, question);
  await page.keyboard.press("Escape");
  await page.waitForTimeout(300);
  assert.deepEqual(await page.evaluate("shifts"), []);
  assert.deepEqual(requested.filter((path) => /\.(js|css|json|woff2?|png|svg)$/.test(path)), ["/widget.js"]);
  calm("a page that keeps still");
  await close();
});

test("of any three colours comes a palette that can be read", () => {
  let seed = 7;
  const draw = () => `#${Array.from({ length: 3 }, () => ((seed = (seed * 1103515245 + 12345) % 2147483648) >> 16) & 255).map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  for (let tries = 0; tries < 5000; tries += 1) {
    const chosen = { accent: draw(), background: tries % 3 ? draw() : null, text: tries % 2 ? draw() : null };
    const colors = palette(chosen, draw(), tries % 4 < 2);
    for (const [text, ground, least] of /** @type {const} */ ([
      ["text", "surface", 4.5], ["text", "raised", 4.5], ["muted", "surface", 4.5], ["muted", "raised", 4.5], ["accent", "surface", 4.5], ["accent", "raised", 4.5],
      ["bad", "surface", 4.5], ["bad", "raised", 4.5], ["on-brand", "brand", 4.5], ["edge", "surface", 3],
    ])) {
      const ratio = contrast(colors[text], colors[ground]);
      assert(ratio >= least, `${text} on ${ground} is ${ratio.toFixed(2)} of ${JSON.stringify(chosen)}`);
    }
  }
});

test("whatever colours a team chooses, everything can be read, on light pages and on dark ones", async () => {
  await visit(team.page, "Widget");
  const form = team.page.getByRole("region", { name: "Appearance" });
  await form.getByRole("textbox", { name: "Colour", exact: true }).fill("#f2c200");
  for (const [kind, background, text] of [["On light pages", "#8a8a8a", "#909090"], ["On dark pages", "#10233d", "#1b2f4a"]]) {
    const palette = form.getByRole("group", { name: kind ?? "" });
    await palette.getByRole("textbox", { name: /^Background/ }).fill(background ?? "");
    await palette.getByRole("textbox", { name: /^Text/ }).fill(text ?? "");
    await palette.getByText(/to 1: visitors see it/).waitFor();
  }
  await form.getByRole("textbox", { name: /^Button label/ }).fill("Ask Halvern");
  await form.getByRole("radio", { name: "Bottom left" }).check();
  await form.getByRole("spinbutton", { name: "Pixels from the side" }).fill("48");
  await form.getByRole("button", { name: "Save appearance" }).click();
  await team.page.getByText("Appearance saved").waitFor();
  assert.deepEqual(await barriers(team.page), [], "the page that sets it up");
  if (SHOTS) await team.page.screenshot({ path: `${SHOTS}/widget-setup.png`, fullPage: true });

  for (const theme of /** @type {const} */ (["light", "dark"])) {
    const { page, widget, launcher, panel, calm, close } = await visitor({ theme });
    assert.equal(await launcher.innerText(), "Ask Halvern");
    assert.equal((await launcher.boundingBox())?.x, 48);
    await shot(page, `widget-launcher-${theme}`);
    await launcher.click();
    await ask(widget, question);
    await ask(widget, unanswerable);
    await widget.getByRole("button", { name: /^Source 1: / }).first().click();
    assert.equal(await panel.evaluate((element) => getComputedStyle(element).backgroundColor), theme === "light" ? "rgb(138, 138, 138)" : "rgb(16, 35, 61)");
    assert.deepEqual(await barriers(page), [], `odd colours, ${theme}`);
    await shot(page, `widget-colours-${theme}`);
    calm(`odd colours, ${theme}`);
    await close();
  }
  await team.page.reload();
  await form.getByRole("textbox", { name: "Colour", exact: true }).fill("#2457d6");
  for (const kind of ["On light pages", "On dark pages"]) {
    const palette = form.getByRole("group", { name: kind });
    await palette.getByRole("textbox", { name: /^Background/ }).fill("");
    await palette.getByRole("textbox", { name: /^Text/ }).fill("");
  }
  await form.getByRole("textbox", { name: /^Button label/ }).fill("");
  await form.getByRole("radio", { name: "Bottom right" }).check();
  await form.getByRole("spinbutton", { name: "Pixels from the side" }).fill("20");
  await form.getByRole("button", { name: "Save appearance" }).click();
  await team.page.getByText("Appearance saved").waitFor();
});

test("a logo is shown on a page that allows no pictures, and what is no picture is refused", async () => {
  await visit(team.page, "Widget");
  const panel = team.page.getByRole("region", { name: "Logo" });
  await panel.locator("input[type=file]").waitFor(); // Files can be given to a hidden input too, but not by a person.
  await panel.getByLabel("Logo", { exact: true }).last().setInputFiles({ name: "logo.png", mimeType: "image/png", buffer: Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>") });
  await panel.getByText("Choose a PNG, JPEG or WebP picture.").waitFor();
  assert.match(team.complaints.splice(0).join(), /415/, "the browser writes each refusal to the console");
  await panel.getByLabel("Logo", { exact: true }).last().setInputFiles({ name: "logo.png", mimeType: "image/png", buffer: png(96) });
  await team.page.getByText("Logo saved").waitFor();
  await panel.getByRole("img", { name: "The present logo" }).waitFor();
  await comesTo(team.page.locator(".preview-stage pernoex-widget .logo:visible"), 1, "the preview draws it");

  const { page, widget, launcher, calm, close } = await visitor();
  await launcher.click();
  await widget.locator(".logo:visible").waitFor();
  const drawn = await widget.locator(".logo").evaluate((canvas) => [.../** @type {any} */ (canvas).getContext("2d").getImageData(36, 36, 1, 1).data]);
  assert.deepEqual(drawn, [240, 180, 20, 255]);
  await ask(widget, question);
  await shot(page, "widget-logo");
  calm("a page without img-src");
  await close();
});

test("in Arabic and Hebrew everything runs from right to left, in German only the words are others", async () => {
  for (const [lang, direction, send, sources] of [["ar", "rtl", "إرسال", "المصادر"], ["he-IL", "rtl", "שליחה", "מקורות"], ["de-AT", "ltr", "Senden", "Quellen"]]) {
    const { page, widget, launcher, panel, calm, close } = await visitor({}, `/?lang=${lang}`);
    await launcher.click();
    await widget.getByRole("button", { name: send ?? "", exact: true }).waitFor();
    assert.equal(await panel.evaluate((element) => getComputedStyle(element).direction), direction);
    await ask(widget, question);
    await widget.getByRole("heading", { name: sources ?? "" }).waitFor();
    await ask(widget, unanswerable);
    const honest = await widget.locator(".unsure").innerText();
    assert.doesNotMatch(honest, /I don't know/, "what the server says in an answer's place is translated too");
    const [bubble, box] = await Promise.all([widget.locator(".asked").first().boundingBox(), panel.boundingBox()]);
    assert(bubble && box);
    const atLeft = bubble.x - box.x < box.x + box.width - (bubble.x + bubble.width);
    assert.equal(atLeft, direction === "rtl", "a question stands at the end of its line");
    assert.deepEqual(await barriers(page), [], lang);
    await shot(page, `widget-${lang}`);
    calm(`a page in ${lang}`);
    await close();
  }
});

test("on a phone the open panel fills the screen, and holds the focus", async () => {
  for (const lang of ["en", "ar"]) {
    const { page, widget, launcher, panel, calm, close } = await visitor({ width: 390 }, `/?lang=${lang}`);
    await launcher.click();
    await ask(widget, question);
    assert.deepEqual(await panel.boundingBox(), { x: 0, y: 0, width: 390, height: 860 });
    assert.equal(await panel.getAttribute("aria-modal"), "true");
    assert.equal(await widget.locator(".box textarea").evaluate((element) => getComputedStyle(element).fontSize), "16px", "smaller, and phones zoom in");
    await shot(page, `widget-phone-${lang}`);
    await page.keyboard.press("Escape");
    await launcher.waitFor();
    calm(`a phone, ${lang}`);
    await close();
  }
});

test("who asked their system for less motion sees none, others see the panel rise", async () => {
  const { page, widget, launcher, panel, close } = await visitor();
  const moves = () => panel.evaluate((element) => getComputedStyle(element).animationName);
  await launcher.click();
  assert.equal(await moves(), "none");
  await page.keyboard.press("Escape");
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await launcher.click();
  assert.equal(await moves(), "rise");
  assert.equal(await widget.locator(".launcher").evaluate((element) => getComputedStyle(element).transitionDuration), "0.16s");
  await close();
});

test("the preview speaks the language that is being chosen, before it is saved", async () => {
  await visit(team.page, "Widget");
  const form = team.page.getByRole("region", { name: "Appearance" });
  await form.getByRole("combobox", { name: "Language of the widget’s own words" }).selectOption("fr");
  await team.page.locator(".preview-stage pernoex-widget").getByRole("textbox", { name: "Votre question" }).waitFor();
  await team.page.getByRole("group", { name: "Page" }).getByRole("radio", { name: "Dark" }).check();
  await team.page.locator(".preview-stage pernoex-widget .root.dark").waitFor();
  await form.getByRole("combobox", { name: "Language of the widget’s own words" }).selectOption("auto");
  await team.page.locator(".preview-stage pernoex-widget").getByRole("textbox", { name: "Your question" }).waitFor();
  team.calm("the page that sets it up");
});
