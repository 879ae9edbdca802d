// Drives the page in a headless Chromium through every scenario, and looks at CORS from within it:
// check.mjs CHATSPEC CHROMIUM [ONLY]
// Screenshots go to screenshots/. Exit 1 with what was seen when something is not as expected.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import puppeteer from "puppeteer-core";

const [chatspec, chromium, only] = process.argv.slice(2);
const LIMIT_MS = 30000;
const running = new Set();
mkdirSync("screenshots", { recursive: true });
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

// Starts a program and resolves with the first URL that it prints.
function startProgram(file, args, env = {}) {
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  child.said = "";
  child.stderr.on("data", (bytes) => (child.said += bytes));
  return new Promise((resolve, reject) => {
    child.on("exit", (status) => reject(new Error(`${file} ended: ${status} ${child.said}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const url = line.match(/http:\/\/\S+/)?.[0];
      if (url) resolve({ url, child });
    });
  });
}

function end({ child }) {
  running.delete(child);
  child.removeAllListeners("exit");
  child.kill();
}

// A page against its own mock server. `wrong` collects what a page's console must not have.
async function open(browser, scenario) {
  const mock = await startProgram(chatspec, ["serve", "--port", "0", ...(scenario ? ["--scenario", scenario] : [])]);
  const own = await startProgram(process.execPath, ["server.mjs"], { TRIGGER_API_URL: mock.url, PORT: "0" });
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport({ width: 800, height: 900 });
  const wrong = [];
  const requests = [];
  page.on("pageerror", (error) => wrong.push(`pageerror: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  page.on("response", (response) => requests.push(`${response.request().method()} ${response.status()} ${response.url()}`));
  await page.goto(own.url);
  await page.waitForSelector("form input");
  const at = { page, wrong, requests, mock };
  at.say = async (text) => {
    await page.type("form input", text);
    await page.click("button[type=submit]");
  };
  at.press = (label) => page.evaluate((label) => [...document.querySelectorAll("button")].find((b) => b.textContent === label).click(), label);
  at.answers = () => page.$$eval(".assistant", (all) => all.map((one) => one.textContent));
  at.last = async () => (await at.answers()).at(-1) ?? "";
  at.until = async (what, condition) => {
    const deadline = Date.now() + LIMIT_MS;
    for (;;) {
      const seen = await condition();
      if (seen) return seen;
      if (Date.now() > deadline) {
        throw new Error(`not seen: ${what}\n  page: ${await page.$eval("main", (m) => m.innerText)}\n  console: ${wrong.join("\n    ")}\n  requests: ${requests.join("\n    ")}\n  server: ${mock.child.said}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20)); // looks again until LIMIT_MS
    }
  };
  at.ready = () => at.until("status ready", async () => (await page.$eval("#status", (s) => s.textContent)) === "ready");
  at.holds = (text) => at.until(text, async () => (await at.last()).includes(text));
  at.shot = (name) => page.screenshot({ path: `screenshots/${name}.png`, fullPage: true });
  at.close = async () => {
    await context.close();
    end(own);
    end(mock);
  };
  return at;
}

const scenarios = {
  // Message to streamed answer, a second message, and a reload: the chat is there and goes on.
  "no-scenario": async (at) => {
    await at.say("hello over there");
    await at.holds("hello over there");
    await at.ready();
    await at.say("and again");
    await at.holds("and again");
    await at.ready();
    await at.page.reload();
    await at.until("both answers", async () => (await at.answers()).length === 2);
    await at.say("after the reload");
    await at.holds("after the reload");
    await at.ready();
    assert.deepEqual(await at.answers(), ["hello over there", "and again", "after the reload"]);
    await at.shot("no-scenario");
    assert.deepEqual(at.wrong, []);
    const sent = at.requests.filter((line) => line.startsWith(`POST 200 ${at.mock.url}`) && line.endsWith("/in/append"));
    assert.equal(sent.length, 3);
  },
  // Streams word by word; Stop ends it; a reload in the middle of a turn goes on with it.
  "slow-stream": async (at) => {
    await at.say("a question");
    await at.holds("slow answer to");
    await at.shot("slow-stream");
    await at.press("Stop");
    await at.ready();
    const stopped = await at.last();
    assert.ok(stopped.length < 400, stopped);
    // stop() and stopGeneration() write a stop each. A message sent before the second one is answered
    // would have its own stream ended by it (seen with 4.8.3), so that is waited for.
    await at.until("both stops answered", async () =>
      at.requests.filter((line) => line.startsWith("POST 200") && line.endsWith("/in/append")).length === 3 &&
      (await at.page.$$eval("#events li", (all) => all.filter((one) => one.textContent === "message-sent").length)) === 2);
    await at.say("another");
    await at.until("the second answer", async () => (await at.answers()).length === 2);
    await at.holds("It goes on");
    await at.page.reload();
    await at.until("the answer goes on after a reload", async () =>
      ((await at.answers())[1] ?? "").split("It goes on and on").length > 3);
    await at.shot("slow-stream-reloaded");
    assert.equal((await at.answers()).length, 2);
    assert.equal((await at.last()).split("slow answer to").length, 2, "the turn is not shown twice");
    await at.press("Stop");
    await at.ready();
    assert.deepEqual(at.wrong, []);
  },
  "tool-approval": async (at) => {
    await at.say("send an email");
    await at.until("an Approve button", () => at.page.$("[data-state=approval-requested]"));
    await at.ready();
    await at.shot("tool-approval-asked");
    await at.press("Approve");
    await at.holds("The email is sent.");
    await at.ready();
    assert.equal((await at.answers()).length, 1, "the answer goes on in the same message");
    assert.ok(await at.page.$("[data-state=output-available]"));
    await at.say("one more email");
    await at.until("a second question", async () => (await at.page.$("[data-state=approval-requested]")) && (await at.answers()).length === 2);
    await at.ready();
    await at.press("Deny");
    await at.holds("Then I will not send it.");
    await at.ready();
    assert.ok(await at.page.$("[data-state=output-denied]"));
    await at.shot("tool-approval");
    assert.deepEqual(at.wrong, []);
  },
  "mid-turn-drop": async (at) => {
    await at.say("hold the line");
    await at.holds("nothing comes twice.");
    await at.ready();
    assert.equal(await at.last(),
      "These words arrive before the line breaks, these while nobody listens, these after the reconnect, " +
      "and these are the end: nothing is lost and nothing comes twice.");
    await at.shot("mid-turn-drop");
    const subscriptions = at.requests.filter((line) => line.includes("/out"));
    assert.ok(subscriptions.length >= 3, subscriptions.join("\n"));
    // The browser itself tells of broken connections; nothing else is wrong.
    assert.deepEqual(at.wrong.filter((line) => !/ERR_CONNECTION_RESET|ERR_INCOMPLETE_CHUNKED|status of 503/.test(line)), []);
  },
  upgrade: async (at) => {
    await at.say("first");
    await at.holds("Version one says: first.");
    await at.ready();
    await at.say("second");
    await at.holds("Version two (run 2) says: second");
    await at.ready();
    await at.say("third");
    await at.holds("Version two (run 2) says: third");
    await at.ready();
    await at.shot("upgrade");
    assert.deepEqual(at.wrong, []);
  },
  "oversized-output": async (at) => {
    await at.say("small");
    await at.holds("A megabyte less a little still fits.");
    await at.ready();
    await at.say("a large one");
    const error = await at.until("the documented error", () => at.page.$eval("#error", (e) => e.textContent).catch(() => null));
    assert.match(error, /tool-output-available.* is \d{7} bytes, over the realtime stream's per-record cap of 1047552 bytes/);
    await at.shot("oversized-output");
    await at.say("small again");
    await at.until("the chat goes on", async () => (await at.answers()).at(-1)?.includes("still fits") && (await at.answers()).length === 3);
    await at.ready();
    assert.deepEqual(at.wrong, []);
  },
};

// What a page of another origin may see of the server: everything on its routes, errors with their
// status, the headers of a stream; nothing of what answers below the routes.
scenarios.cors = async (at) => {
  await at.say("hello");
  await at.holds("hello");
  await at.ready();
  const seen = await at.page.evaluate(async () => {
    const { baseURL } = await (await fetch("/api/config")).json();
    const chatId = JSON.parse(localStorage.chatId);
    const token = JSON.parse(localStorage.sessions)[chatId].publicAccessToken;
    const call = async (method, path, { authorization = `Bearer ${token}`, body, ...headers } = {}) => {
      try {
        const response = await fetch(baseURL + path, {
          method, body, headers: { ...(authorization && { authorization }), ...headers }, signal: AbortSignal.timeout(5000) });
        const settled = response.headers.get("x-session-settled");
        await response.body?.cancel();
        return settled ? `${response.status} settled ${settled}` : response.status;
      } catch (error) {
        return error.name;
      }
    };
    const session = `/realtime/v1/sessions/${chatId}`;
    return {
      append: await call("POST", `${session}/in/append`, { body: JSON.stringify({ kind: "stop" }), "content-type": "application/json", "x-part-id": "p1" }),
      tooLarge: await call("POST", `${session}/in/append`, { body: "x".repeat(2 ** 21), "content-type": "text/plain", "x-part-id": "p2" }),
      settled: await call("GET", `${session}/out`, { accept: "text/event-stream", "x-peek-settled": "1", "last-event-id": "0", "timeout-seconds": "1" }),
      records: await call("GET", `${session}/out/records`),
      head: await call("HEAD", `${session}/out`),
      putOut: await call("PUT", `${session}/out`), // not for a public token
      badToken: await call("GET", `${session}/out/records`, { authorization: "Bearer nobody" }),
      otherSession: await call("GET", "/realtime/v1/sessions/another/out/records"),
      session: await call("GET", `/api/v1/sessions/${chatId}`),
      close: await call("POST", `/api/v1/sessions/${chatId}/close`, { body: "{}", "content-type": "application/json" }),
      limiter: await call("GET", "/api/v1/sessions", { authorization: "" }),
      noSuchPath: await call("GET", "/realtime/v1/nothing"),
    };
  });
  assert.deepEqual(seen, {
    append: 200, tooLarge: 413, settled: "200 settled true", records: 200, head: 200, putOut: 403, badToken: 401,
    otherSession: 403, session: 200, close: 403, limiter: "TypeError", noSuchPath: "TypeError",
  });
};

const browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
running.add(browser.process());
let failed = 0;
for (const [name, drive] of Object.entries(scenarios)) {
  if (only && only !== name) continue;
  const at = await open(browser, ["no-scenario", "cors"].includes(name) ? null : name);
  try {
    await drive(at);
    console.log(`ok      ${name}`);
  } catch (error) {
    failed++;
    await at.shot(`failed-${name}`).catch(() => {});
    console.log(`failed  ${name}: ${error.message}\n  console: ${at.wrong.join("\n    ")}`);
  }
  await at.close();
}
await browser.close();
running.clear();
process.exit(failed ? 1 : 0);
