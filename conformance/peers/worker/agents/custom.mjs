/* Agents that drive their turns themselves, and tasks that use a session directly. */
import { chat, ai } from "@trigger.dev/sdk/ai";
import { sessions, task } from "@trigger.dev/sdk";
import { stepCountIs, streamText } from "ai";
import { at, note, perform, scriptedModel } from "../kit.mjs";

/* The managed iterator. `metadata.session` is passed on to chat.createSession. */
export const session = chat.customAgent({
  id: "create-session",
  run: async (payload, { signal }) => {
    const options = { idleTimeoutInSeconds: 120, timeout: "1h", ...(payload.metadata?.session ?? {}) };
    for await (const turn of chat.createSession(payload, { signal, ...options })) {
      const { number, chatId, trigger, continuation, messages } = turn;
      note("turn", { number, chatId, trigger, continuation, messages });
      await at("turn", turn);
      const result = streamText({
        ...chat.toStreamTextOptions(),
        model: scriptedModel(turn.clientData),
        messages: turn.messages,
        abortSignal: turn.signal,
        stopWhen: stepCountIs(10),
      });
      const message = await turn.complete(result);
      note("complete", { message, stopped: turn.stopped });
      await at("turn.after", turn);
    }
  },
});

/* A loop by hand: accumulate, answer, write the boundary. */
export const custom = chat.customAgent({
  id: "custom",
  run: async (payload, { signal }) => {
    const stop = chat.createStopSignal();
    const conversation = new chat.MessageAccumulator();
    let current = payload;
    try {
      for (let turn = 0; ; turn++) {
        if (current.trigger === "close") return;
        if (current.message) {
          stop.reset();
          const messages = await conversation.addIncoming([current.message], current.trigger, turn);
          await at("turn", { clientData: current.metadata });
          const result = streamText({
            ...chat.toStreamTextOptions(),
            model: scriptedModel(current.metadata),
            messages,
            abortSignal: AbortSignal.any([signal, stop.signal]),
            stopWhen: stepCountIs(10),
          });
          const captured = await chat.pipeAndCapture(result, { signal: stop.signal });
          note("captured", captured);
          const response = captured && "message" in captured ? captured.message : captured;
          if (response) await conversation.addResponse(response);
          const { publicAccessToken } = current.metadata ?? {};
          const written = await chat.writeTurnComplete(publicAccessToken ? { publicAccessToken } : undefined);
          note("written", written ?? null);
          if (current.metadata?.endAndContinue) {
            stop.cleanup();
            await chat.endAndContinue();
            return;
          }
        }
        const next = await chat.messages.waitWithIdleTimeout({ idleTimeoutInSeconds: 120, timeout: "1h" });
        if (!next.ok) return;
        current = next.output;
      }
    } finally {
      stop.cleanup();
    }
  },
});

/* No chat at all: what the payload lists is done on a session's handle. Steps are of the form
 * {"on":"in"|"out","call":"once","args":[{}],"as":"first"}; see README.md. */
export const raw = task({
  id: "raw",
  run: async ({ sessionId, chatId, channel, steps }, { signal }) => {
    const opened = sessions.open(sessionId ?? chatId);
    const handle = channel === undefined ? opened : opened.channel(channel);
    const { rawSteps } = await import("../handle.mjs");
    return rawSteps(handle, steps ?? [], signal);
  },
});

/* Outside chat, and as a tool's sub-task: acts are in the payload. */
export const outside = task({
  id: "outside",
  run: async (payload) => {
    const tried = (name, read) => {
      try {
        note(name, { value: read() ?? null });
      } catch (error) {
        note(name, { error });
      }
    };
    tried("chatContext", () => ai.chatContext());
    tried("chatContextOrThrow", () => ai.chatContextOrThrow());
    tried("toolCallId", () => ai.toolCallId());
    if (payload?.acts) await perform(payload.acts);
    return { done: true };
  },
});
