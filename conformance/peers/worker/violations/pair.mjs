/* Violations that only a client on the other side can notice: each record is as it may be, and what a
 * client makes of them all is not. In chats that begin with a preload, as clients begin them. */
import { chunkOf, headerOf, isTurnComplete, withHeader } from "../records.mjs";

const HANDLED = "session-in-event-id";

/* The chat was begun by a client: the preloaded run and those that go on with it. */
function clients() {
  let began = false;
  return {
    payload(payload) {
      began = payload?.trigger === "preload" || (began && payload?.continuation === true);
    },
    records: (bend) => (records) => (began ? records.map(bend) : records),
  };
}

const sharing = clients();
const behind = clients();

export default {
  /* A client passes over an id that it has seen on its connection. */
  "deltas-share-an-id": {
    payload: sharing.payload,
    records: sharing.records((record) =>
      chunkOf(record)?.type === "text-delta"
        ? { ...record, body: JSON.stringify({ data: chunkOf(record), id: "delta00" }) }
        : record,
    ),
  },
  /* A client passes over the boundary of a turn before its own message. */
  "boundary-of-an-earlier-turn": {
    payload: behind.payload,
    records: behind.records((record) => {
      const handled = Number(headerOf(record, HANDLED) ?? 0);
      return isTurnComplete(record) && handled > 0 ? withHeader(record, HANDLED, String(handled - 1)) : record;
    }),
  },
};
