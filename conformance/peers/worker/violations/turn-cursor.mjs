/* Violations of a boundary's headers: the two cursors, and the token. */
import { headerOf, isTurnComplete, withHeader, withoutHeader } from "../records.mjs";

const HANDLED = "session-in-event-id";
const SEEN = "session-in-consumed-id";
const TOKEN = "public-access-token";

/* Every boundary made anew. */
const boundaries = (make) => (records) => records.map((record) => (isTurnComplete(record) ? make(record) : record));

/* What the SDK makes itself, as against what an agent passes. */
const isJwt = (token) => token.startsWith("eyJ");

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/* The token without what lets its bearer write. */
function readOnly(record) {
  const parts = (headerOf(record, TOKEN) ?? "").split(".");
  if (parts.length !== 3) return record;
  const claims = JSON.parse(Buffer.from(parts[1], "base64url").toString("utf8"));
  claims.scopes = claims.scopes.filter((scope) => !scope.startsWith("write:sessions:"));
  return withHeader(record, TOKEN, [parts[0], base64url(claims), parts[2]].join("."));
}

/* The boundary of a run that was suspended does not count what woke it. */
function forgetsWaking() {
  let slept = false;
  return {
    payload() {
      slept = false;
    },
    request(call) {
      slept ||= call.url.endsWith("/session-streams/wait");
    },
    records: boundaries((record) => {
      const stale = slept;
      slept = false;
      return stale ? withoutHeader(record, HANDLED) : record;
    }),
  };
}

export default {
  "cursor-from-start": {
    records: boundaries((record) => (headerOf(record, HANDLED) ? record : withHeader(record, HANDLED, "0"))),
  },
  "cursor-is-what-was-seen": {
    records: boundaries((record) => {
      const seen = headerOf(record, SEEN);
      return seen ? withHeader(record, HANDLED, seen) : record;
    }),
  },
  "seen-is-what-was-handled": {
    records: boundaries((record) => {
      const handled = headerOf(record, HANDLED);
      return handled ? withHeader(record, SEEN, handled) : withoutHeader(record, SEEN);
    }),
  },
  "cursor-wraps": {
    records: boundaries((record) => {
      const handled = headerOf(record, HANDLED);
      return handled ? withHeader(record, HANDLED, String(Number(handled) % 4)) : record;
    }),
  },
  "cursor-forgets-waking": forgetsWaking(),
  "token-cannot-write": { records: boundaries(readOnly) },
  "token-out-of-thin-air": {
    records: boundaries((record) => (headerOf(record, TOKEN) ? record : withHeader(record, TOKEN, "none"))),
  },
  "passed-token-lost": {
    records: boundaries((record) => (isJwt(headerOf(record, TOKEN) ?? "") ? record : withoutHeader(record, TOKEN))),
  },
  "boundary-tells-no-cursor": {
    event(event) {
      if (event.event === "note" && event.name === "written" && event.data) delete event.data.lastEventId;
    },
  },
};
