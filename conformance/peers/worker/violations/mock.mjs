/* Violations of the offline harness, which sits on no wire: what it tells is bent. */
const bendValue = (bend) => (event) => {
  if (event.event === "done" && event.value?.rawChunks) bend(event.value);
  return event;
};

export default {
  "harness-finds-late-agents": {
    event: (event) =>
      event.event === "error" && /no task registered/.test(event.message)
        ? { event: "done", id: event.id, value: { rawChunks: [] } }
        : event,
  },
  "harness-loses-a-step": {
    event: bendValue((value) => {
      const at = value.rawChunks.findIndex(({ type }) => type === "start");
      if (at >= 0 && process.argv.includes("--mock")) value.rawChunks.splice(at, 1);
    }),
  },
  /* A whole answer that is handed over is all that is shown of its turn: no start, and then nothing. */
  "harness-shows-no-handover": {
    event: bendValue((value) => {
      if (!value.rawChunks.some(({ type }) => type === "start")) value.rawChunks.length = 0;
    }),
  },
  "harness-without-stop": {
    event: bendValue((value) => {
      value.members = value.members.filter((name) => name !== "sendStop");
    }),
  },
  "harness-forgets-attempt": {
    event: (event) => {
      if (event.event === "prompt") {
        event.messages = event.messages.filter(({ content }) => !/kept-before|an old answer/.test(JSON.stringify(content)));
      }
      return event;
    },
  },
};
