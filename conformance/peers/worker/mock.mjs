/*
 * The SDK's own offline harness, `mockChatAgent`, as a second driver: the command `mock`, in a worker that was
 * started with --mock.
 *
 *     {"command":"mock","task":"plain","options":{...},"script":[{"sendMessage":{...}},{"sendStop":null}, ...]}
 *
 * A step has one key, a member of the harness, with its argument (an array: its arguments); or {"during":[steps]}
 * beside one, done while it is pending; or {"open":"gate"}; or {"read":"allChunks"}; or {"gate":"name"}, which
 * waits until the agent waits at that gate; or {"metadata":{...}}: what scripts the messages to come, as the
 * harness has one client data for all. {"error":...} in its results is the error of a step that is `caught`.
 */
import { Run, currentRun, gateReached, openGate } from "./current.mjs";
import { describeError, digest } from "./say.mjs";

/* The harness keeps this very object and sends it with each message. */
function rescript(clientData, metadata) {
  for (const key of Object.keys(clientData)) delete clientData[key];
  Object.assign(clientData, metadata);
  return null;
}

async function step(harness, clientData, { during, caught, ...act }) {
  const [name] = Object.keys(act);
  const given = act[name];
  if (name === "metadata") return rescript(clientData, given);
  if (name === "gate") return gateReached(given);
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

export async function play({ test }, { id, task, options, script }) {
  const clientData = { ...options?.clientData };
  const run = new Run(id, task, clientData);
  return run.within(async () => {
    const harness = test.mockChatAgent({ id: task }, { ...options, clientData });
    try {
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
