/* A parent whose tool talks to a durable agent of its own. */
import { chat } from "@trigger.dev/sdk/ai";
import { AgentChat } from "@trigger.dev/sdk/chat";
import { jsonSchema, tool } from "ai";
import { PATIENT, actingTool, at, lifecycle, note, runner } from "../kit.mjs";

/* The call's input names the child: {"agent":"plain","chat":"child-1","message":"hello","close":true}. */
async function talk({ agent, chat: id, message, close }, { toolCallId, abortSignal }, forward) {
  const child = new AgentChat({ agent, ...(id ? { id } : {}) });
  await at("tool:talk", { toolCallId });
  try {
    const stream = await child.sendMessage(message, { abortSignal });
    if (forward) {
      const last = await chat.forwardSubAgent(stream, { toolCallId });
      note("forwarded", { message: last });
      return last ?? { parts: [] };
    }
    const result = await stream.result();
    note("child", result);
    return { text: result.text };
  } finally {
    if (close) await child.close();
  }
}

function talking(forward) {
  return tool({
    description: "talks to another agent",
    inputSchema: jsonSchema({ type: "object", additionalProperties: true }),
    execute: (input, options) => talk(input, options, forward),
    toModelOutput: ({ output }) => ({
      type: "text",
      value: `the child said ${JSON.stringify(output).length} characters`,
    }),
  });
}

export const parent = chat.agent({
  id: "parent",
  ...PATIENT,
  ...lifecycle(),
  tools: { talk: talking(false), forward: talking(true), look: actingTool("look") },
  run: runner(),
});
