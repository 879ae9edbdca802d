/* The agent that most cases drive: every harmless hook reports itself, nothing else is set. */
import { chat } from "@trigger.dev/sdk/ai";
import { PATIENT, actingTool, heavyTool, hook, lifecycle, runner } from "../kit.mjs";

export const plain = chat.agent({ id: "plain", ...PATIENT, ...lifecycle(), run: runner() });

/* With tools that the script's model may call: `look` acts at "tool:look", `heavy` has a short form for
 * the model. Declared on the agent, which is what keeps that form on later turns. */
export const tools = chat.agent({
  id: "tools",
  ...PATIENT,
  ...lifecycle(),
  tools: { look: actingTool("look"), heavy: heavyTool() },
  run: runner(),
});

/* onValidateMessages and prepareMessages, which may change what they are given. */
export const validating = chat.agent({
  id: "validating",
  ...PATIENT,
  ...lifecycle(),
  onValidateMessages: hook("onValidateMessages", ({ messages }) => messages),
  prepareMessages: hook("prepareMessages", ({ messages }) => messages),
  run: runner(),
});

/* No hook at all. */
export const bare = chat.agent({ id: "bare", ...PATIENT, run: runner() });
