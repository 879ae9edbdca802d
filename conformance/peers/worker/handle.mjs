/* Steps on a session's handle: for the task `raw` and for calls outside a run. */
import { expand, reach } from "./act.mjs";
import { currentRun, note, passGate } from "./current.mjs";
import { describeError, digest } from "./say.mjs";

async function* chunksOf(values, gate) {
  for (const value of values) {
    if (value?.$gate) await passGate(value.$gate);
    else yield value;
  }
  if (gate) await passGate(gate);
}

async function one(handle, step, listeners, signal) {
  if (step.gate) return passGate(step.gate, signal);
  if (step.delay) return new Promise((wake) => setTimeout(wake, step.delay));
  const side = handle[step.on];
  const args = expand(step.args ?? []);
  switch (step.call) {
    case "pipe": {
      const piped = side.pipe(chunksOf(args[0], step.openUntil), args[1]);
      return piped.waitUntilComplete();
    }
    case "writer": {
      const written = side.writer({
        execute: async ({ write }) => {
          for await (const value of chunksOf(args[0])) write(value);
        },
      });
      return written.waitUntilComplete();
    }
    case "on": {
      /* `consume` true: the handler keeps every record to itself. */
      const { off } = side.on((value) => {
        note(step.as ?? "on", { value });
        return step.consume === true ? true : undefined;
      });
      listeners.push(off);
      return undefined;
    }
    case "off":
      listeners.pop()?.();
      return undefined;
    default: {
      const { owner, value } = reach(side, step.call);
      if (typeof value !== "function") throw new TypeError(`${step.on}.${step.call} is not there`);
      return value.apply(owner, args);
    }
  }
}

/* Does the steps in order; each tells its result or error, which ends the list unless it is `caught`. */
export async function rawSteps(handle, steps, signal) {
  const listeners = [];
  const results = [];
  try {
    for (const step of steps) {
      const name = step.as ?? `${step.on ?? ""}.${step.call ?? "gate"}`;
      try {
        const value = await one(handle, step, listeners, signal);
        if (currentRun() && step.call !== "on") note(name, { value: value ?? null });
        results.push({ value: digest(value) ?? null });
      } catch (error) {
        if (currentRun()) note(name, { error });
        results.push({ error: describeError(error) });
        if (!step.caught) throw error;
      }
    }
  } finally {
    for (const off of listeners) off();
  }
  return { results };
}
