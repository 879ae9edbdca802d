/* Where the conversation comes from at a boot: hydration and recovery. */
import { chat } from "@trigger.dev/sdk/ai";
import { PATIENT, actingTool, hook, lifecycle, runner } from "../kit.mjs";

const tools = { look: actingTool("look") };

/* The application gives the history: what it is shown, and the metadata's `hydrate` before it. */
export const hydrate = chat.agent({
  id: "hydrate",
  ...PATIENT,
  ...lifecycle(),
  tools,
  hydrateMessages: hook("hydrateMessages", ({ clientData, previousMessages, incomingMessages }) => {
    const known = new Map();
    for (const message of [...(clientData?.hydrate ?? []), ...previousMessages, ...incomingMessages]) {
      known.set(message.id, message);
    }
    return [...known.values()];
  }),
  onRecoveryBoot: hook("onRecoveryBoot"),
  run: runner(),
});

/* Sees a recovery and leaves it to the default. */
export const recovery = chat.agent({
  id: "recovery",
  ...PATIENT,
  ...lifecycle(),
  tools,
  onRecoveryBoot: hook("onRecoveryBoot"),
  run: runner(),
});

function recoveryAgent(id, decide) {
  return chat.agent({
    id,
    ...PATIENT,
    ...lifecycle(),
    tools,
    onRecoveryBoot: hook("onRecoveryBoot", decide),
    run: runner(),
  });
}

/* Each of the ways in which the hook can overrule the default. */
export const chain = recoveryAgent("recovery-chain", ({ settledMessages }) => ({ chain: settledMessages }));
export const noTurns = recoveryAgent("recovery-no-turns", () => ({ recoveredTurns: [] }));
export const turns = recoveryAgent("recovery-turns", ({ settledMessages }) => ({
  chain: settledMessages,
  recoveredTurns: [{ id: "made", role: "user", parts: [{ type: "text", text: "made by the hook" }] }],
}));
export const beforeBoot = recoveryAgent("recovery-before-boot", () => ({ beforeBoot: hook("beforeBoot") }));
export const badBeforeBoot = recoveryAgent("recovery-before-boot-throws", () => ({
  beforeBoot: async () => {
    throw new Error("beforeBoot fails");
  },
}));
export const writes = recoveryAgent("recovery-writes", ({ writer }) => {
  writer.write({ type: "data-recovered", data: { by: "onRecoveryBoot" }, transient: true });
});
export const fails = recoveryAgent("recovery-throws", () => {
  throw new Error("onRecoveryBoot fails");
});
