// The HTML report in a real browser: html_page.mjs FOLDER (the pages of write_pages.c in it)
//
// CHROMIUM names the browser; puppeteer-core is looked for in PUPPETEER (its folder).
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

const puppeteer = createRequire(import.meta.url)(process.env.PUPPETEER);
const folder = path.resolve(process.argv[2]);
const profile = mkdtempSync(path.join(tmpdir(), "chatspec-browser-"));
const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"], headless: true, userDataDir: profile });

// A page that must load nothing but itself, say nothing and run nothing of a peer's.
async function open(name, { hash = "", width = 1280 } = {}) {
  const page = await browser.newPage();
  const address = pathToFileURL(path.join(folder, name)).href;
  const wrong = [];
  page.on("console", (message) => wrong.push("console: " + message.text()));
  page.on("pageerror", (error) => wrong.push("error: " + error.message));
  page.on("dialog", (dialog) => { wrong.push("dialog: " + dialog.message()); dialog.dismiss(); });
  page.on("request", (request) => { if (request.url().split("#")[0] !== address) wrong.push("request: " + request.url()); });
  await page.setViewport({ width, height: 800 });
  await page.goto(address + hash);
  await page.waitForSelector("html[data-ready]");
  const close = async () => {
    assert.equal(await page.evaluate(() => typeof globalThis.canary), "undefined", name + ": a peer's script ran");
    assert.deepEqual(wrong, [], name);
    await page.close();
  };
  return { page, close };
}

const until = (page, condition, ...args) => page.waitForFunction(condition, { timeout: 10000 }, ...args);

// Rows are made when they come near the screen.
async function rows(page) {
  await page.$eval("#list", (list) => list.scrollIntoView());
  await until(page, () => [...document.querySelectorAll(".chunk")].every((chunk) => chunk.childElementCount > 0));
  return page.$$eval(".case", (nodes) => nodes.map((node) => node.dataset.id));
}

// Opens everything there is: evidence, headers, changes.
async function openAll(page) {
  await rows(page);
  await page.evaluate(() => {
    for (const row of document.querySelectorAll(".row[aria-expanded=false]")) row.click();
    for (let i = 0; i < 4; i++) for (const node of document.querySelectorAll("details:not([open])")) { node.open = true; node.dispatchEvent(new Event("toggle")); }
  });
}

const tests = {
  async "a hostile report runs nothing and loads nothing"() {
    for (const name of ["run.html", "versions.html", "compare.html"]) {
      const { page, close } = await open(name);
      await openAll(page);
      const seen = await page.evaluate(() => ({
        text: document.body.innerText, elements: document.querySelectorAll("main img, main svg, main a, main iframe, main script, main [onerror], main [onload], main [href]").length,
        scripts: document.scripts.length, data: document.querySelectorAll("script[type='application/json']").length,
      }));
      assert.equal(seen.elements, 0, name);
      assert.equal(seen.scripts, seen.data + 1, name);
      assert.match(seen.text, /<\/script><script>canary=1<\/script>/);
      assert.match(seen.text, /\\u202edesrever\\u202c/);
      assert.doesNotMatch(seen.text, /[\u202a-\u202e\u2066-\u2069\u001b\u2028]/);
      await close();
    }
  },

  async "the policy stops a script that got in all the same"() {
    const { page } = await open("run.html");
    const ran = await page.evaluate(async () => {
      const node = document.createElement("script");
      node.textContent = "canary = 9";
      document.body.append(node);
      return [typeof globalThis.canary, await fetch("http://127.0.0.1:9/").then(() => "sent", () => "refused")];
    });
    assert.deepEqual(ran, ["undefined", "refused"]);
    await page.close();
  },

  async "events are shown with their offsets, control and command records are marked"() {
    const { page, close } = await open("run.html", { hash: "#case=endpoint/token/first" });
    await openAll(page);
    const body = await page.$eval(".case[data-id='endpoint/token/first'] .body", (node) => node.innerText);
    assert.match(body, /control: turn-complete/);
    assert.match(body, /command: trim/);
    assert.match(body, /bytes 100 to /);
    assert.match(body, /\+7 ms/);
    assert.match(body, /chatspec endpoint --seed 7 --only endpoint\/token\/first/);
    assert.match(body, /3 more bytes left out/);
    assert.ok(await page.$(".wanted") && await page.$(".came"));
    await close();
  },

  async "filters narrow the list, and the address keeps them"() {
    const { page, close } = await open("run.html");
    assert.equal((await rows(page)).length, 4);
    await page.type("#query", "second");
    await until(page, () => document.querySelectorAll(".case").length === 1);
    assert.deepEqual(await rows(page), ["endpoint/token/second"]);
    await page.$eval(".clear", (node) => node.click());
    await page.$$eval(".chip", (chips) => chips.find((chip) => chip.textContent.includes("warn")).click());
    assert.deepEqual(await rows(page), ["endpoint/append/third"]);
    assert.match(page.url(), /#v=warn$/);
    await page.$eval(".clear", (node) => node.click());
    await page.select("#area", "endpoint/token");
    await page.select("#level", "MUST");
    assert.deepEqual(await rows(page), ["endpoint/token/first", "endpoint/token/second"]);
    const hash = new URL(page.url()).hash;
    await close();
    const again = await open("run.html", { hash });
    assert.deepEqual(await rows(again.page), ["endpoint/token/first", "endpoint/token/second"]);
    await again.close();
  },

  async "columns have heads where there are several"() {
    for (const [name, shown] of [["run.html", false], ["versions.html", true]]) {
      const { page, close } = await open(name);
      assert.equal(await page.$eval("#heads", (node) => getComputedStyle(node).display !== "none"), shown, name);
      await close();
    }
  },

  async "a change can be filtered and opened, in versions and in a comparison"() {
    for (const name of ["versions.html", "compare.html"]) {
      const { page, close } = await open(name);
      assert.match(await page.$eval("h1", (node) => node.textContent), /From 1\.0\.0 to 1\.2\.0, 1 case got worse/);
      await page.$$eval(".chip", (chips) => chips.find((chip) => chip.textContent.includes("regression")).click());
      assert.deepEqual(await rows(page), ["endpoint/token/first"]);
      await page.$eval("#changes .open-case", (node) => node.click());
      assert.equal((await page.$$(".tabs button")).length, 2);
      await close();
    }
  },

  async "the keyboard is enough"() {
    const { page, close } = await open("run.html");
    const focused = () => page.evaluate(() => document.activeElement.closest(".case")?.dataset.id ?? document.activeElement.id);
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    assert.equal(await focused(), "endpoint/token/second");
    await page.keyboard.press("k");
    await page.keyboard.press("Enter");
    assert.equal(await page.$eval(".row", (row) => row.getAttribute("aria-expanded")), "true");
    assert.match(page.url(), /case=endpoint%2Ftoken%2Ffirst/);
    await page.keyboard.press("Escape");
    assert.equal(await page.$eval(".row", (row) => row.getAttribute("aria-expanded")), "false");
    await page.keyboard.press("/");
    assert.equal(await focused(), "query");
    await page.keyboard.type("third j");
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    assert.equal(await page.$eval("dialog", (dialog) => dialog.open), true);
    await page.keyboard.press("Escape");
    assert.equal(await page.$eval("dialog", (dialog) => dialog.open), false);
    await page.keyboard.press("t");
    assert.equal(await page.$eval("html", (root) => root.dataset.theme), "light");
    await page.keyboard.press("f");
    assert.equal((await rows(page)).length, 3);
    await close();
  },

  async "what is said by colour is said by a sign and a word"() {
    const { page, close } = await open("versions.html");
    const bare = await page.evaluate(() => [...document.querySelectorAll(".row")].filter((row) => !/fail|pass|warn/.test(row.querySelector(".sr").textContent)).length +
      [...document.querySelectorAll(".tile:not(.s-none), .cells .v:not(.s-none)")].filter((node) => node.textContent.trim() === "").length +
      [...document.querySelectorAll("button, input, select")].filter((node) => !(node.textContent.trim() || node.labels?.length || node.getAttribute("aria-label"))).length);
    assert.equal(bare, 0);
    await close();
  },

  async "on paper what failed is open"() {
    const { page, close } = await open("run.html");
    await page.emulateMediaType("print");
    await until(page, () => document.querySelectorAll(".body:not([hidden])").length === 3);
    assert.equal(await page.$eval(".filter", (node) => getComputedStyle(node).display), "none");
    assert.ok((await page.pdf()).length > 1000);
    await close();
  },

  async "a phone scrolls one way only"() {
    for (const name of ["run.html", "versions.html", "compare.html"]) {
      const { page, close } = await open(name, { width: 360 });
      await openAll(page);
      const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(content <= screen, name + ": " + content + " over " + screen);
      await close();
    }
  },

  async "thousands of cases are no burden"() {
    const began = performance.now();
    const { page, close } = await open("large.html");
    const opened = Math.round(performance.now() - began);
    const filtered = await page.evaluate(() => {
      const start = performance.now();
      [...document.querySelectorAll(".chip")].find((chip) => chip.textContent.includes("fail")).click();
      document.body.offsetHeight;
      return performance.now() - start;
    });
    const [nodes, size] = await page.evaluate(() => [document.querySelectorAll("*").length, document.documentElement.outerHTML.length]);
    console.log("   ready after " + opened + " ms, filtered in " + Math.round(filtered) + " ms, " + nodes + " elements, " + Math.round(size / 1e6) + " MB");
    assert.ok(nodes < 12000, "too much is made at once: " + nodes + " elements");
    await page.evaluate(() => document.querySelectorAll(".clear")[0].click());
    for (let i = 0; i < 3; i++) await page.keyboard.press("j");
    await page.keyboard.press("o");
    assert.equal((await page.$$(".body")).length, 1);
    await close();
  },
};

let failed = 0;
try {
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test();
      console.log("ok " + name);
    } catch (error) {
      failed++;
      console.log("FAILED " + name + "\n" + error.stack);
    }
  }
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
