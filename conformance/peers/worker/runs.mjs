/* Runs of tasks, one after the other in one process, each in surroundings of its own. */
import { Run, shutGates } from "./current.mjs";
import { describeError, digest } from "./say.mjs";
import { leave, occupy } from "./slots.mjs";

/* What an aborted run is given to end by itself, and once its surroundings were taken from it, before a
 * reset calls it unclean. */
const GRACE_MS = 100;
const END_WITHIN_MS = 1500;

/* Whether `done` came about in time. */
async function within(ms, done) {
  let timer;
  const late = new Promise((give) => {
    timer = setTimeout(give, ms, false);
  });
  const came = await Promise.race([done, late]);
  clearTimeout(timer);
  return came;
}

export class Runs {
  ANSWERED = Symbol("answered by the run's own events");
  #sdk;
  #all = new Map(); // runs that have not ended, by the number of the command that started them

  constructor(sdk) {
    this.#sdk = sdk;
  }

  #find(number) {
    const entry = number === undefined ? [...this.#all.values()].at(-1) : this.#all.get(number);
    if (!entry) throw new Error("there is no such run");
    return entry;
  }

  start(command) {
    const { task: name, payload } = command;
    const task = this.#sdk.v3.resourceCatalog.getTask(name);
    if (!task) throw new Error(`no agent is named "${name}"`);
    /* The slots are the process's: a second run beside a first would take them from it. */
    const busy = [...this.#all.values()].some((entry) => entry.surroundings.waiting.size === 0);
    if (busy) throw new Error("another run is still going on in this process");
    const kind = { attempt: command.attempt ?? 1, continuation: payload?.continuation === true };
    const run = new Run(command.id, name, payload?.metadata ?? command.defaults, kind);
    const surroundings = occupy(this.#sdk, {
      ...command,
      attempt: command.attempt ?? 1,
      tags: command.tags ?? [],
      isTest: command.isTest === true,
      secretKey: command.secretKey ?? "tr_dev_secret",
      onSuspend: (waitpoint) => {
        run.tell("suspended", { waitpoint });
        if (run.silent) entry.settle();
      },
    });
    const entry = { run, surroundings };
    /* Ended, or suspended when nobody will wake it. */
    entry.settled = new Promise((settle) => {
      entry.settle = settle;
    });
    this.#all.set(command.id, entry);
    run.tell("started", { task: name, runId: command.runId });
    this.#finish(entry, task, payload);
    return this.ANSWERED;
  }

  async #finish(entry, task, payload) {
    const { run, surroundings } = entry;
    const { signal } = run.controller;
    try {
      const value = await run.within(() => task.fns.run(payload, { ctx: surroundings.ctx, signal }));
      run.tell("done", { value: digest(value) ?? null });
    } catch (error) {
      run.tell("error", describeError(error));
    } finally {
      this.#all.delete(run.id);
      entry.settle();
      if (this.#all.size === 0) surroundings.vacate();
    }
  }

  async wake(command) {
    await this.#find(command.run).surroundings.wake(command);
  }

  async abort({ run, reason }) {
    this.#find(run).run.controller.abort(new Error(reason ?? "the run was cancelled"));
  }

  /* Ends what is left. A run that is suspended is simply never woken: it holds no socket and no timer.
   * One that does not end on its signal would go on in the surroundings of the next. */
  async reset() {
    const left = [...this.#all.values()];
    for (const { run, surroundings, settle } of left) {
      run.silent = true;
      if (surroundings.waiting.size === 0) run.controller.abort(new Error("reset"));
      else settle();
    }
    shutGates();
    /* Its own way out first, which may still lead past the platform; then without its streams. */
    const settled = Promise.all(left.map((entry) => entry.settled)).then(() => true);
    let clean = await within(GRACE_MS, settled);
    for (const { surroundings } of left) surroundings.vacate();
    if (!clean) clean = await within(END_WITHIN_MS, settled);
    this.#all.clear();
    leave(this.#sdk);
    return { clean, ended: left.length };
  }

  get busy() {
    return this.#all.size > 0;
  }
}
