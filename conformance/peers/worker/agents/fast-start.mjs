/* Head Start: an agent whose prepareMessages drops what was handed over. */
import { chat } from "@trigger.dev/sdk/ai";
import { PATIENT, actingTool, hook, lifecycle, runner } from "../kit.mjs";

export const dropping = chat.agent({
  id: "head-start-prepare",
  ...PATIENT,
  ...lifecycle(),
  tools: { look: actingTool("look") },
  prepareMessages: hook("prepareMessages", ({ messages }) => messages.slice(0, -1)),
  run: runner(),
});
