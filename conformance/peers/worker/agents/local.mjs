/* chat.local: state that lasts as long as the run. */
import { ai, chat } from "@trigger.dev/sdk/ai";
import { schemaTask } from "@trigger.dev/sdk";
import { jsonSchema, tool } from "ai";
import { z } from "zod";
import { PATIENT, hook, lifecycle, local, note, perform, runner } from "../kit.mjs";

function counting(id, where) {
  return chat.agent({
    id,
    ...PATIENT,
    ...lifecycle(where),
    [where]: hook(where, () => local.init({ count: 0, deep: { value: 1 } })),
    run: async (payload) => {
      local.count = (local.count ?? 0) + 1; // throws when nothing has set it up
      note("local", { count: local.count, changed: local.hasChanged(), again: local.hasChanged() });
      return runner()(payload);
    },
  });
}

/* Right: onBoot runs in every run. */
export const right = counting("local", "onBoot");

/* Wrong: onChatStart does not fire on a continuation. */
export const wrong = counting("local-on-chat-start", "onChatStart");

/* A task as a tool: it does the acts of its payload, with what its run's metadata brings along. */
export const delegated = schemaTask({
  id: "delegated",
  schema: z.object({ acts: z.array(z.any()) }),
  run: async ({ acts }) => {
    await perform(acts);
    return { done: true };
  },
});

/* The parent of that task, whose values travel in the metadata. They also hold what JSON cannot carry. */
export const delegating = chat.agent({
  id: "local-delegating",
  ...PATIENT,
  ...lifecycle("onBoot"),
  onBoot: hook("onBoot", () => local.init({ count: 7, made: new Date(0), known: new Map([["a", 1]]), tell: () => 1 })),
  tools: {
    delegate: tool({
      description: "delegate",
      inputSchema: jsonSchema({ type: "object", additionalProperties: true }),
      execute: ai.toolExecute(delegated),
    }),
  },
  run: runner(),
});
