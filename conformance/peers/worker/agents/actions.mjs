/* Actions: edits of the conversation, with or without a turn after them. */
import { chat } from "@trigger.dev/sdk/ai";
import { z } from "zod";
import { PATIENT, actingTool, expand, hook, lifecycle, note, runner } from "../kit.mjs";

const actionSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("edit"), history: z.string().optional(), args: z.array(z.any()).optional() }),
  z.object({ type: z.literal("turn"), message: z.any().optional(), history: z.string().optional(), args: z.array(z.any()).optional() }),
  z.object({ type: z.literal("return"), value: z.any() }),
  z.object({ type: z.literal("throw"), message: z.string() }),
  z.object({ type: z.literal("wait") }),
]);

/* {"type":"edit","history":"rollbackTo","args":["u1"]} edits; "turn" edits and answers; "return" gives back
 * a value of any kind; "wait" does what the metadata says of "onAction" and no more. */
function handle({ action }) {
  if (action.history) chat.history[action.history](...expand(action.args ?? []));
  if (action.type === "throw") throw new Error(action.message);
  if (action.type === "return") return action.value;
  if (action.type === "turn") return chat.turn(action.message);
  return undefined;
}

export const actions = chat.agent({
  id: "actions",
  ...PATIENT,
  ...lifecycle(),
  actionSchema,
  onAction: hook("onAction", handle),
  tools: { look: actingTool("look") },
  run: runner(),
});

/* The same where the application keeps the history. */
const kept = new Map();
export const hydrated = chat.agent({
  id: "actions-hydrate",
  ...PATIENT,
  ...lifecycle(),
  actionSchema,
  onAction: hook("onAction", handle),
  hydrateMessages: hook("hydrateMessages", ({ chatId, previousMessages, incomingMessages }) => {
    kept.set(chatId, [...previousMessages, ...incomingMessages]);
    return kept.get(chatId);
  }),
  run: runner(),
});

/* Without a schema every action reaches onAction as it is. */
export const unchecked = chat.agent({
  id: "actions-unchecked",
  ...PATIENT,
  ...lifecycle(),
  onAction: hook("onAction"),
  run: runner(),
});

/* The application stores the transcript: what it is told to change. An older SDK has no such option. */
const stored = new Map();
export const storing = chat.agent({
  id: "actions-stored",
  ...PATIENT,
  ...lifecycle(),
  actionSchema,
  onAction: hook("onAction", handle),
  storage: {
    async load({ chatId }) {
      return stored.get(chatId) ?? { messages: [], state: null };
    },
    async save({ chatId, trigger, turn }, { reason, changes, transcript, cursors }) {
      stored.set(chatId, {
        messages: transcript.entries.map((entry) => entry.message),
        state: transcript.state,
        cursors,
      });
      note("save", { reason, trigger, turn, changes, cursors });
    },
  },
  run: runner(),
});
