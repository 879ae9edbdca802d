/* Which run a piece of agent code belongs to, so that what it reports goes out under the number of
 * the command that started that run. */
import { AsyncLocalStorage } from "node:async_hooks";
import { describeError, digest, say } from "./say.mjs";

const scope = new AsyncLocalStorage();
let latest; // for callbacks that lost their context on the way through a stream

/* One run as the suite asked for it; `id` is the command's. `metadata` is what scripts it: that of
 * the message in hand, which hooks and run() keep up to date. */
export class Run {
  constructor(id, name, metadata, kind = {}) {
    this.id = id;
    this.name = name;
    this.metadata = metadata;
    this.kind = kind; // {attempt, continuation}
    this.begun = performance.now();
    this.calls = 0; // of the model
    this.silent = false; // after a reset, when nobody wants to hear of it
    this.controller = new AbortController();
  }

  tell(event, members) {
    if (this.silent) return;
    say({ event, id: this.id, at: Math.round(performance.now() - this.begun), ...members });
  }

  within(action) {
    latest = this;
    return scope.run(this, action);
  }
}

export function currentRun() {
  return scope.getStore() ?? latest;
}

/* What an agent wants to tell beside its hooks: a value it read, an error that a call threw. */
export function note(name, data) {
  currentRun()?.tell("note", { name, data: data instanceof Error ? describeError(data) : digest(data) });
}

/* The run's context is the suite's own, and the same in every hook. */
export function tellHook(name, event) {
  const { ctx, ...told } = event ?? {};
  currentRun()?.tell("hook", { name, data: digest(told) });
}

/* ---- gates: what the suite opens by name, so that no case needs to sleep ---- */

let gates = new Map();

function gate(name) {
  if (!gates.has(name)) {
    const entry = {};
    entry.opened = new Promise((open) => {
      entry.open = open;
    });
    gates.set(name, entry);
  }
  return gates.get(name);
}

/* Waits until the suite opened the gate; one that was opened before stays open until a reset. */
export async function passGate(name, signal) {
  note("gate", { name, phase: "waiting" });
  if (signal?.aborted) throw signal.reason;
  await Promise.race([
    gate(name).opened,
    new Promise((_, refuse) => {
      signal?.addEventListener("abort", () => refuse(signal.reason), { once: true });
    }),
  ]);
  note("gate", { name, phase: "passed" });
}

export function openGate(name) {
  gate(name).open();
}

/* Opens what old runs still wait at and starts with all gates shut. */
export function shutGates() {
  for (const entry of gates.values()) entry.open();
  gates = new Map();
}
