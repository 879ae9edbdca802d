/* What the agents of this folder share: hooks that report and do as told, the answer, the tools. */
import { chat } from "@trigger.dev/sdk/ai";
import { jsonSchema, stepCountIs, streamText, tool } from "ai";
import { at, expand } from "./act.mjs";
import { currentRun, note, passGate, tellHook } from "./current.mjs";
import { scriptedModel } from "./model.mjs";

export { at, expand, local, perform } from "./act.mjs";
export { note } from "./current.mjs";
export { scriptedModel } from "./model.mjs";

/* Long enough that no case suspends by accident; `impatient` agents have their own. */
export const PATIENT = { idleTimeoutInSeconds: 120, turnTimeout: "1h" };

/* Hooks that change nothing by being there. */
const LIFECYCLE = [
  "onBoot",
  "onPreload",
  "onChatStart",
  "onTurnStart",
  "onBeforeTurnComplete",
  "onTurnComplete",
  "onChatSuspend",
  "onChatResume",
  "onCompacted",
];

/* A hook that reports itself and does what the metadata says of its name, then what `then` says. */
export function hook(name, then) {
  return async (event) => {
    const run = currentRun();
    if (run && event?.clientData !== undefined) run.metadata = event.clientData;
    tellHook(name, event);
    await at(name, event);
    return then?.(event);
  };
}

/* Waits at a gate if the metadata's `gates` names it. */
export async function passing(name) {
  const run = currentRun();
  if (run?.metadata?.gates?.includes(name)) await passGate(name, run.controller.signal);
}

export function lifecycle(...without) {
  return Object.fromEntries(
    LIFECYCLE.filter((name) => !without.includes(name)).map((name) => [name, hook(name)]),
  );
}

/* The body of run(): the managed streamText where this version has it, else the documented spread. */
export function answer(payload, options = {}) {
  const { messages, signal, clientData, tools } = payload;
  const managed = payload.streamText;
  const { spread = true, ...rest } = options;
  const call = managed && spread ? managed : streamText;
  return call({
    ...(managed || !spread ? {} : chat.toStreamTextOptions({ tools })),
    model: scriptedModel(clientData ?? currentRun()?.metadata),
    messages,
    abortSignal: signal,
    stopWhen: stepCountIs(10),
    ...(tools ? { tools } : {}),
    ...rest,
  });
}

/* run() of most agents: told, scripted, answered. */
export function runner(options) {
  return async (payload) => {
    const run = currentRun();
    if (run) run.metadata = payload.clientData ?? run.metadata;
    const { messages, chatId, trigger, continuation, previousRunId, preloaded, messageId } = payload;
    const told = { messages, chatId, trigger, continuation, previousRunId, preloaded, messageId };
    tellHook("run", { ...told, managed: typeof payload.streamText === "function" });
    await at("run", payload);
    const result = answer(payload, typeof options === "function" ? options(payload) : options);
    await at("run.after", payload);
    return result;
  };
}

/* ---- tools: the model's call says what comes of it ---- */

const anything = jsonSchema({ type: "object", additionalProperties: true });

/* {"result":...} is the output, {"bytes":N} an output of that size, {"throw":"..."} its failure. */
async function execute(name, input, { toolCallId, abortSignal, messages }) {
  note(`tool:${name}`, { phase: "called", toolCallId, input, messages: messages?.length });
  await at(`tool:${name}`, { toolCallId, abortSignal });
  if (input.throw !== undefined) throw new Error(input.throw);
  if (input.bytes) return { blob: "x".repeat(input.bytes) };
  note(`tool:${name}`, { phase: "done", toolCallId });
  return expand(input.result ?? { done: true });
}

export function actingTool(name, more = {}) {
  return tool({
    description: name,
    inputSchema: anything,
    execute: (input, options) => execute(name, input, options),
    ...more,
  });
}

/* Without `execute`: the user gives the output. */
export function askingTool(name) {
  return tool({ description: name, inputSchema: anything });
}

/* A big output for the program, a small one for the model. */
export function heavyTool() {
  return actingTool("heavy", {
    toModelOutput: ({ output }) => ({
      type: "text",
      value: `summary of ${JSON.stringify(output).length} characters`,
    }),
  });
}
