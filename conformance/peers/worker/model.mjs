/*
 * The scripted model: a provider object for `ai` 6 (specification v3) whose every word comes from the
 * payload's metadata, so that the suite writes the model's part together with the rest of a case.
 *
 *     metadata.script = [ [step, ...],  [step, ...] ]      one list a call of the model, in order
 *
 * A call beyond the list says "ok" and stops. Steps are described in README.md.
 */
import { currentRun, passGate } from "./current.mjs";
import { digest } from "./say.mjs";

const DEFAULT_CALL = [{ text: "ok" }];
const DEFAULT_TOKENS = 10;

function usage(tokens) {
  const part = { total: tokens, noCache: tokens, cacheRead: 0, cacheWrite: 0 };
  const none = { total: 0, text: 0, reasoning: 0 };
  return { inputTokens: part, outputTokens: none };
}

/* A text is cut into deltas of `delta` characters; without it, it is one delta. */
function* textParts(step, textId) {
  const text = step.bytes ? "x".repeat(step.bytes) : String(step.text);
  const size = Math.max(1, step.delta ?? text.length);
  yield { type: "text-start", id: textId };
  for (let from = 0; from < text.length; from += size) {
    yield { type: "text-delta", id: textId, delta: text.slice(from, from + size) };
  }
}

async function* parts(steps, run, signal) {
  let finish;
  let tools = 0;
  let texts = 0;
  let open; // the text part that is still being written
  const close = () => {
    const id = open;
    open = undefined;
    return id === undefined ? [] : [{ type: "text-end", id }];
  };
  yield { type: "stream-start", warnings: [] };
  for (const step of steps) {
    if (step.text !== undefined || step.bytes !== undefined) {
      yield* close();
      open = `text-${texts++}`;
      yield* textParts(step, open);
    } else if (step.delay !== undefined) {
      await new Promise((wake) => setTimeout(wake, step.delay));
    } else if (step.gate !== undefined) {
      try {
        await passGate(step.gate, signal);
      } catch (error) {
        if (step.quiet) return; /* a model that ends without a word when it is stopped */
        throw error;
      }
    } else if (step.tool !== undefined) {
      yield* close();
      const toolCallId = step.id ?? `call-${run?.id ?? 0}-${run?.calls ?? 0}-${tools}`;
      tools++;
      yield { type: "tool-call", toolCallId, toolName: step.tool, input: JSON.stringify(step.input ?? {}) };
    } else if (step.error !== undefined) {
      yield* close();
      yield { type: "error", error: new Error(step.error) };
    } else if (step.throw !== undefined) {
      throw new Error(step.throw);
    } else if (step.finish !== undefined || step.tokens !== undefined) {
      finish = step;
    } else {
      throw new Error(`the script has a step of no known kind: ${JSON.stringify(step)}`);
    }
    if (signal?.aborted) return;
  }
  yield* close();
  const reason = finish?.finish ?? (tools > 0 ? "tool-calls" : "stop");
  yield {
    type: "finish",
    finishReason: { unified: reason, raw: reason },
    usage: usage(finish?.tokens ?? DEFAULT_TOKENS),
  };
}

function toStream(iterator) {
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await iterator.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        controller.error(error);
      }
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}

/* A model for one turn: its first call is the first list of `metadata.script`. */
export function scriptedModel(metadata, { modelId = "scripted" } = {}) {
  const script = metadata?.script ?? [];
  let used = 0;

  function begin(options, how) {
    const run = currentRun();
    const system = options.prompt.filter((message) => message.role === "system");
    run?.tell("prompt", {
      call: run.calls,
      callOfTurn: used,
      how,
      model: modelId,
      system: digest(system.map((message) => message.content)),
      messages: digest(options.prompt.filter((message) => message.role !== "system")),
      tools: (options.tools ?? []).map((tool) => tool.name),
    });
    const steps = script[used] ?? DEFAULT_CALL;
    used++;
    const iterator = parts(steps, run, options.abortSignal);
    if (run) run.calls++;
    return iterator;
  }

  return {
    specificationVersion: "v3",
    provider: "chatspec",
    modelId,
    supportedUrls: {},
    async doStream(options) {
      return { stream: toStream(begin(options, "stream")) };
    },
    async doGenerate(options) {
      const content = [];
      let finish;
      for await (const part of begin(options, "generate")) {
        if (part.type === "text-delta") content.push({ type: "text", text: part.delta });
        else if (part.type === "tool-call") content.push(part);
        else if (part.type === "error") throw part.error;
        else if (part.type === "finish") finish = part;
      }
      return { content, finishReason: finish.finishReason, usage: finish.usage, warnings: [] };
    },
  };
}
