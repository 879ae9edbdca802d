/*
 * The SDK's own offline harness, `mockChatAgent`, as a second driver: the command `mock`, in a worker that was
 * started with --mock.
 *
 *     {"command":"mock","task":"plain","options":{...},"seeds":{"seedSnapshot":{...}},
 *      "script":[{"sendMessage":{...}},{"sendStop":null}, ...]}
 *
 * A step has one key, a member of the harness, with its argument (an array: its arguments); or {"during":[steps]}
 * beside one, done while it is pending; or {"open":"gate"}; or {"read":"allChunks"}; or {"seen":{"delta":"x"}}, which
 * waits for a chunk with these members; or {"metadata":{...}}: what scripts the messages to come, as the
 * harness has one client data for all; or {"turns":n}: until so many are over. {"error":...} in its results is the
 * error of a step that is `caught`.
 */
import { Run, currentRun, openGate } from "./current.mjs";
import { describeError, digest } from "./say.mjs";

/* The harness keeps this very object and sends it with each message. */
function rescript(clientData, metadata) {
  for (const key of Object.keys(clientData)) delete clientData[key];
  Object.assign(clientData, metadata);
  return null;
}

/* "$messageId" stands for the id of the last answer's message, which a client would take from its start. */
function withMessageId(harness, value) {
  const text = JSON.stringify(value);
  if (text === undefined || !text.includes('"$messageId"')) return value;
  const last = harness.allChunks.filter((chunk) => chunk.type === "start").at(-1);
  return JSON.parse(text.replaceAll('"$messageId"', JSON.stringify(last?.messageId ?? null)));
}

const look = () => new Promise((again) => setTimeout(again, 2));

/* The harness waits for a turn only where it began it. */
async function turnsOver(harness, n) {
  const over = () => harness.allRawChunks.filter((chunk) => chunk?.type === "trigger:turn-complete").length;
  while (over() < n) await look();
  return null;
}

async function chunkSeen(harness, members) {
  const fits = (chunk) => Object.entries(members).every(([name, value]) => chunk?.[name] === value);
  while (!harness.allRawChunks.some(fits)) await look();
  return null;
}

async function step(harness, clientData, { during, caught, ...act }) {
  const [name] = Object.keys(act);
  const given = withMessageId(harness, act[name]);
  if (name === "metadata") return rescript(clientData, given);
  if (name === "seen") return chunkSeen(harness, given);
  if (name === "turns") return turnsOver(harness, given);
  if (name === "open") return openGate(given);
  if (name === "read") return harness[given];
  if (typeof harness[name] !== "function") throw new TypeError(`the harness has no ${name}`);
  const args = Array.isArray(given) ? given : given === null || given === undefined ? [] : [given];
  const pending = harness[name](...args);
  if (during) {
    pending?.catch?.(() => {});
    await walk(harness, clientData, during);
  }
  try {
    return await pending;
  } catch (error) {
    if (!caught) throw error;
    return { error: describeError(error) };
  }
}

async function walk(harness, clientData, script) {
  const results = [];
  for (const entry of script) results.push(digest(await step(harness, clientData, entry)) ?? null);
  return results;
}

function members(harness) {
  return Object.keys(Object.getOwnPropertyDescriptors(harness)).sort();
}

export async function play({ test }, { id, task, options, seeds, script }) {
  const clientData = { ...options?.clientData };
  const run = new Run(id, task, clientData);
  return run.within(async () => {
    const harness = test.mockChatAgent({ id: task }, { ...options, clientData });
    try {
      /* Seeds count only before the boot reads them: at once. */
      for (const [name, value] of Object.entries(seeds ?? {})) harness[name](value);
      const results = await walk(harness, clientData, script ?? []);
      return {
        results,
        chunks: digest(harness.allChunks),
        rawChunks: digest(harness.allRawChunks),
        snapshot: digest(harness.getSnapshot()) ?? null,
        members: members(harness),
      };
    } finally {
      await harness.close();
      currentRun().silent = true;
    }
  });
}
