/* Messages that arrive while a turn is streaming. */
import { chat } from "@trigger.dev/sdk/ai";
import { PATIENT, actingTool, hook, lifecycle, note, runner } from "../kit.mjs";

const tools = { look: actingTool("look") };

function pendingAgent(id, pendingMessages, more) {
  return chat.agent({ id, ...PATIENT, ...lifecycle(), tools, pendingMessages, run: runner(), ...more });
}

const told = { onReceived: hook("onReceived"), onInjected: hook("onInjected") };

/* Takes them into the running turn at the next step. */
export const pending = pendingAgent("pending", { ...told, shouldInject: hook("shouldInject", () => true) });

/* Declines them: they become turns. */
export const declining = pendingAgent("pending-declined", {
  ...told,
  shouldInject: hook("shouldInject", () => false),
});

/* A `prepare` that fails, unless the metadata says what else it does. */
export const throwing = pendingAgent("pending-prepare-throws", {
  ...told,
  shouldInject: hook("shouldInject", () => true),
  prepare: hook("prepare", () => {
    throw new Error("prepare fails");
  }),
});

/* Forgets the managed options: nothing can be injected. */
export const unmanaged = pendingAgent(
  "pending-unmanaged",
  { ...told, shouldInject: hook("shouldInject", () => true) },
  { run: runner({ spread: false }) },
);

/* With compaction in the same step. */
export const compacting = pendingAgent(
  "pending-compaction",
  { ...told, shouldInject: hook("shouldInject", () => true) },
  {
    compaction: {
      shouldCompact: ({ totalTokens, source }) => {
        note("shouldCompact", { totalTokens, source });
        return (totalTokens ?? 0) > 1000;
      },
      summarize: async () => "the summary",
    },
  },
);
