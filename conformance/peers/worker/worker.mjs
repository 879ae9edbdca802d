/*
 * The adapter around the SDK's agent runtime: it plays the process in which the platform runs a task.
 *
 *     node worker.mjs --root DIR [--agents FILE.mjs] [--mock | --mock-late] [--violate ID]
 *
 * DIR/node_modules/@trigger.dev/sdk is what is driven, together with the `ai` package beside it. One code
 * base serves every version: versions are told apart by what they offer, never by number. It speaks the
 * lines of "Agents" in ../PROTOCOL.md and judges nothing.
 */
import { readdirSync } from "node:fs";
import module from "node:module";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { entryFile, packageFolder, packageVersion, readJson } from "../sdk/packages.mjs";
import { openGate } from "./current.mjs";
import { Runs } from "./runs.mjs";
import { describeError, digest, say } from "./say.mjs";
import { installCatalog } from "./slots.mjs";

const PROTOCOL = 1;
const OWN_FOLDER = fileURLToPath(new URL(".", import.meta.url));

function usage(text) {
  process.stderr.write(`${text}\nusage: node worker.mjs --root DIR [--agents FILE.mjs] [--mock | --mock-late] [--violate ID]\n`);
  process.exit(2);
}

function readArguments(words) {
  const options = { agents: [], violate: [] };
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word === "--mock") options.mock = "first";
    else if (word === "--mock-late") options.mock = "late";
    else if (!["--root", "--agents", "--violate"].includes(word)) usage(`unknown option ${word}`);
    else if (i + 1 === words.length) usage(`${word} needs a value`);
    else if (word === "--root") options.root = resolve(words[++i]);
    else options[word.slice(2)].push(words[++i]);
  }
  if (!options.root) usage("--root is missing");
  return options;
}

/* ---- what is under test ---- */

async function load(folder, entry) {
  return import(pathToFileURL(entryFile(folder, entry)).href);
}

async function loadSdk(root, mock) {
  const folder = packageFolder("@trigger.dev/sdk", root);
  if (!folder) throw new Error(`@trigger.dev/sdk is not installed under ${root}`);
  const coreFolder = packageFolder("@trigger.dev/core", folder);
  const aiFolder = packageFolder("ai", folder);
  if (!aiFolder) throw new Error(`the package "ai" is not installed under ${root}`);
  if (typeof module.register !== "function") throw new Error("Node 18.19 or newer is needed");
  module.register("./lookup.mjs", import.meta.url, {
    data: {
      rootParent: pathToFileURL(join(root, "x.mjs")).href,
      sdkParent: pathToFileURL(join(folder, "x.mjs")).href,
      ownFolder: new URL(".", import.meta.url).href,
    },
  });
  const sdk = {
    folder,
    v3: await load(coreFolder, "./v3"),
    workers: await load(coreFolder, "./v3/workers"),
    versions: {
      version: readJson(join(folder, "package.json")).version,
      ai: packageVersion("ai", folder),
      s2: packageVersion("@s2-dev/streamstore", coreFolder),
      zod: packageVersion("zod", folder),
    },
  };
  /* The offline harness brings a catalogue of its own, and has to come before the agents. */
  if (mock === "first") sdk.test = await load(folder, "./ai/test");
  else if (!mock) installCatalog(sdk);
  sdk.agent = await load(folder, "./ai");
  sdk.main = await load(folder, ".");
  sdk.server = await load(folder, "./chat-server");
  return sdk;
}

function featuresOf({ agent, main, server, test }) {
  const { chat } = agent;
  const features = [];
  const has = (name, there) => {
    if (there) features.push(name);
  };
  for (const name of ["turn", "close", "endAndContinue", "deferBeforeOutput", "forwardSubAgent", "channel"]) {
    has(`chat.${name}`, typeof chat[name] === "function");
  }
  has("managedStreamText", typeof agent.__buildManagedStreamTextOptionsForTests === "function");
  has("channels", typeof chat.channels === "object");
  has("transcriptStorage", typeof agent.snapshotTranscriptStorage === "function");
  has("inputRouter", typeof agent.__resetChatInputRouterForTests === "function");
  has("sideChannels", typeof main.sessions.open("probe").channel === "function");
  has("headStart", typeof server.chat?.headStart === "function");
  has("mock", test !== undefined);
  return features;
}

async function loadAgents(given) {
  const folder = join(OWN_FOLDER, "agents");
  const own = readdirSync(folder).filter((name) => name.endsWith(".mjs"));
  const files = given.length > 0 ? given.map((file) => resolve(file)) : own.sort().map((name) => join(folder, name));
  for (const file of files) {
    try {
      await import(pathToFileURL(file).href);
    } catch (error) {
      if (given.length === 0) throw error;
      /* The stack of a syntax error begins with the place. */
      const place = /^file:.*:\d+$/m.exec(`${error?.stack ?? ""}`.split("\n", 1)[0])?.[0] ?? file;
      console.error(`adapter: ${place} cannot be loaded: ${error?.name ?? "Error"}: ${error?.message ?? error}`);
      process.exit(1);
    }
  }
}

/* ---- commands ---- */

const options = readArguments(process.argv.slice(2));
const sdk = await loadSdk(options.root, options.mock);
let bendPayload = (payload) => payload;
if (options.violate.length > 0) bendPayload = await (await import("./violations.mjs")).violate(options.violate, sdk);
/* A module of somebody's own can ask for the scripted model instead of a paid one. */
process.env.CHATSPEC_MODEL = new URL("model.mjs", import.meta.url).href;
if (options.agents.length > 0) (await import("./watch.mjs")).watchAgents(sdk.agent.chat);
await loadAgents(options.agents);
/* The mistake, to be seen: the harness after the agents. */
if (options.mock === "late") sdk.test = await load(sdk.folder, "./ai/test");

const runs = new Runs(sdk);

const commands = {
  /* The harness has a platform of its own: a worker is for the one or for the other. */
  ...(options.mock
    ? { mock: async (command) => (await import("./mock.mjs")).play(sdk, command) }
    : {
        run: (command) => runs.start({ ...command, payload: bendPayload(command.payload) }),
        wake: (command) => runs.wake(command),
        abort: (command) => runs.abort(command),
      }),
  open: ({ gate }) => openGate(gate),
  reset: async () => {
    const { resetCalls } = await import("./calls.mjs");
    await resetCalls();
    return runs.reset();
  },
  sdk: async (command) => (await import("./calls.mjs")).callSdk(sdk, runs, command),
};

say({
  event: "hello",
  protocol: PROTOCOL,
  role: "agent",
  name: "@trigger.dev/sdk",
  ...sdk.versions,
  runtime: `node ${process.versions.node}`,
  capabilities: [...Object.keys(commands), "quit"],
  agents: sdk.v3.resourceCatalog.listTaskManifests().map((task) => task.id),
  features: featuresOf(sdk),
});

async function obey(command) {
  const { id } = command;
  if (command.command === "quit") process.exit(0);
  const act = commands[command.command];
  if (!act) {
    say({ event: "unsupported", id, command: command.command });
    return;
  }
  try {
    const value = await act(command);
    if (value !== runs.ANSWERED) say({ event: "done", id, value: digest(value) ?? null });
  } catch (error) {
    say({ event: "error", id, ...describeError(error) });
  }
}

for (const kind of ["uncaughtException", "unhandledRejection"]) {
  process.on(kind, (error) => say({ event: "unhandled", kind, error: describeError(error) }));
}

const lines = createInterface({ input: process.stdin, crlfDelay: 0 });
lines.on("line", (line) => {
  if (line.trim() === "") return;
  let command;
  try {
    command = JSON.parse(line);
  } catch (error) {
    say({ event: "error", id: null, ...describeError(error) });
    return;
  }
  obey(command);
});
lines.on("close", () => process.exit(0));
