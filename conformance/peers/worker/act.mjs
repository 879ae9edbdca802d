/*
 * What an agent is told to do at a named point of its life, as its message's metadata says:
 *
 *     metadata.do = { "onTurnStart": [{"throw":"no"}], "run": [{"call":"chat.endRun"}], "tool:look": [...] }
 *
 * A point is the name of a hook, "run" (before the model is asked), "run.after" (the answer's stream was
 * made), or "tool:NAME". Each act is an object with one key of those below; README.md describes them.
 */
import { chat, ai } from "@trigger.dev/sdk/ai";
import * as sdk from "@trigger.dev/sdk";
import { currentRun, note, passGate } from "./current.mjs";

/* Where a `call` may start. */
const ROOTS = { chat, ai, sdk, sessions: sdk.sessions, metadata: sdk.metadata };

/* One value of the run, for the rows about chat.local. */
export const local = chat.local({ id: "chatspec" });

/* Arguments are JSON; {"$bytes":N} stands for a string of N bytes, with "of" made of that text. */
export function expand(value) {
  if (Array.isArray(value)) return value.map(expand);
  if (value === null || typeof value !== "object") return value;
  if (typeof value.$bytes === "number") {
    const of = value.of ?? "x";
    return of.repeat(Math.floor(value.$bytes / Buffer.byteLength(of)));
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, expand(inner)]));
}

/* A method by its path, with the object that it is called on. */
export function reach(roots, path) {
  let owner;
  let value = roots;
  for (const key of path.split(".")) {
    owner = value;
    value = value?.[key];
  }
  return { owner, value };
}

async function call(act) {
  const name = act.as ?? act.call;
  try {
    const { owner, value } = reach(ROOTS, act.call);
    if (typeof value !== "function") {
      if (value === undefined) throw new TypeError(`${act.call} is not there`);
      note(name, { value });
      return;
    }
    const result = value.apply(owner, expand(act.args ?? []));
    note(name, { value: await result });
  } catch (error) {
    note(name, { error });
    if (!act.caught) throw error;
  }
}

async function useLocal(act, how) {
  const told = act.as ?? "local";
  try {
    if (how.init) local.init(how.init);
    if (how.set) Object.assign(local, how.set);
    if (how.nested) Object.assign(local[how.nested.in], how.nested.set);
    if (how.read) note(told, { value: local[how.read] });
    if (how.get) note(told, { value: local.get() });
    if (how.hasChanged) note(told, { value: local.hasChanged() });
  } catch (error) {
    note(told, { error });
    if (!act.caught) throw error;
  }
}

function parts(act, chunks) {
  return expand(chunks ?? [act]);
}

const ACTS = {
  async throw(act) {
    const error = new Error(act.throw);
    if (act.name) error.name = act.name;
    throw error;
  },
  async oom() {
    throw new sdk.OutOfMemoryError();
  },
  async gate(act) {
    await passGate(act.gate, act.signal === false ? undefined : currentRun()?.controller.signal);
  },
  async delay(act) {
    await new Promise((wake) => setTimeout(wake, act.delay));
  },
  async note(act) {
    note(act.note, expand(act.data) ?? null);
  },
  call,
  async local(act) {
    await useLocal(act, act.local);
  },
  /* Work beside the turn; `defer` and `deferBeforeOutput` hold a list of acts. */
  async defer(act) {
    beside(chat.defer, "defer", act.defer);
  },
  async deferBeforeOutput(act) {
    beside(chat.deferBeforeOutput, "deferBeforeOutput", act.deferBeforeOutput);
  },
  /* The same without the SDK's knowledge. */
  async unknownWork(act) {
    beside((work) => work.catch(() => {}), "defer", act.unknownWork);
  },
  /* Parts of the hook's own writer. */
  async writer(act, event) {
    for (const part of parts(act, act.writer)) event.writer.write(part);
  },
  /* A writer of chat.stream: {"stream":[chunks],"target":"root"}. */
  async stream(act) {
    const chunks = parts(act, act.stream);
    const { waitUntilComplete } = chat.stream.writer({
      ...(act.target ? { target: act.target } : {}),
      execute: async ({ write }) => {
        for (const chunk of chunks) write(chunk);
      },
    });
    note("stream", { value: await waitUntilComplete() });
  },
};

function beside(helper, name, acts) {
  const work = async () => {
    note(name, { phase: "begun" });
    try {
      await perform(acts);
      note(name, { phase: "done" });
    } catch (error) {
      note(name, { phase: "failed", error });
      throw error;
    }
  };
  helper(work());
}

/* {"if":{"continuation":false}}: only where the point's event says so. */
function isMeant(act, event) {
  return Object.entries(act.if ?? {}).every(([name, value]) => event?.[name] === value);
}

/* An act with `when` is for runs alone that it describes: {"attempt":1}, {"continuation":false}. A recovered
 * message brings its metadata along, and what ended the first run must not end the next. */
function applies({ when }) {
  const run = currentRun();
  return Object.entries(when ?? {}).every(([key, value]) => run?.kind[key] === value);
}

export async function perform(acts, event) {
  for (const act of Array.isArray(acts) ? acts : [acts]) {
    if (!isMeant(act, event) || !applies(act)) continue;
    const kind = Object.keys(ACTS).find((key) => act[key] !== undefined);
    if (!kind) throw new Error(`no such act: ${JSON.stringify(act)}`);
    await ACTS[kind](act, event);
  }
}

/* Does what the metadata in hand says of this point, if it says something. */
export async function at(point, event) {
  const run = currentRun();
  const metadata = event?.clientData ?? run?.metadata;
  const acts = metadata?.do?.[point];
  if (acts) await perform(acts, event);
}
