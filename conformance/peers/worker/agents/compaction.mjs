/* Compaction: the metadata's `compactAbove` is the number of tokens from which on it is wanted. */
import { chat } from "@trigger.dev/sdk/ai";
import { PATIENT, actingTool, hook, lifecycle, note, runner } from "../kit.mjs";

const compaction = {
  shouldCompact: ({ totalTokens, source, stepNumber, clientData, messages }) => {
    const limit = clientData?.compactAbove ?? Infinity;
    note("shouldCompact", { totalTokens, source, stepNumber, messages: messages?.length });
    return (totalTokens ?? 0) > limit;
  },
  summarize: async (event) => {
    await hook("summarize")({ source: event.source, messages: event.messages, clientData: event.clientData });
    return event.clientData?.summary ?? "the summary";
  },
};

function compactingAgent(id, more) {
  return chat.agent({
    id,
    ...PATIENT,
    ...lifecycle(),
    tools: { look: actingTool("look") },
    compaction,
    run: runner(),
    ...more,
  });
}

export const plain = compactingAgent("compaction");

/* The messages that the user sees are cut too. */
export const visible = compactingAgent("compaction-ui", {
  compaction: { ...compaction, compactUIMessages: ({ uiMessages }) => uiMessages.slice(-2) },
});

/* A prepareStep of the caller's: composed by the managed streamText, replacing after the spread. */
const prepareStep = async ({ stepNumber }) => {
  note("prepareStep", { stepNumber });
  return {};
};
export const composed = compactingAgent("compaction-prepare-step", { run: runner({ prepareStep }) });
export const replaced = compactingAgent("compaction-prepare-step-spread", {
  run: runner(({ tools }) => ({ spread: false, ...chat.toStreamTextOptions({ tools }), prepareStep })),
});
