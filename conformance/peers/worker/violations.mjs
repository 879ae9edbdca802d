/*
 * Faults that an agent's runtime could have, put in between the SDK and the network, so that the suite can be
 * shown to catch each: --violate ID. Only what goes through fetch is touched (boundaries, trims, reads, the
 * platform's API); the records of an answer go over HTTP/2 and stay as they are.
 */
const ACK = Buffer.from("0a00120208011a020801", "hex"); // records 0 to 1
const JSON_ACK = { start: { seq_num: 0, timestamp: 0 }, end: { seq_num: 1, timestamp: 0 }, tail: { seq_num: 1, timestamp: 0 } };

function reply(body, type) {
  return new Response(body, { status: 200, headers: { "content-type": type } });
}

/* The records of a JSON append, or undefined when the call is something else. */
function recordsOf({ url, method, type, body }) {
  if (method !== "POST" || !/\/streams\/.+\/records$/.test(url.pathname) || !type.includes("json")) return undefined;
  return JSON.parse(String(body)).records;
}

function controlOf(call) {
  const [record] = recordsOf(call) ?? [];
  return record?.headers?.[0]?.[0] === "trigger-control" ? record.headers[0][1] : undefined;
}

function isTrim({ url, method, type }) {
  return method === "POST" && /\/streams\/.+\/records$/.test(url.pathname) && type.includes("protobuf");
}

function edited(call, change) {
  return { ...call, body: JSON.stringify({ records: recordsOf(call).map(change) }) };
}

/* Changes the headers of turn boundaries. */
function boundary(change) {
  return (call, next) => {
    if (controlOf(call) !== "turn-complete") return next(call);
    return next(edited(call, (record) => ({ ...record, headers: change(record.headers) })));
  };
}

const without = (name) => boundary((headers) => headers.filter(([key]) => key !== name));
const replaced = (name, change) =>
  boundary((headers) => headers.map(([key, value]) => [key, key === name ? change(value) : value]));

/* Puts a data record in front of or behind the boundary. */
function beside(chunk, behind) {
  return async (call, next) => {
    if (controlOf(call) !== "turn-complete") return next(call);
    const record = { body: JSON.stringify({ data: chunk, id: "violate" }), headers: [] };
    const extra = { ...call, body: JSON.stringify({ records: [record] }) };
    if (!behind) await next(extra);
    const answer = await next(call);
    if (behind) await next(extra);
    return answer;
  };
}

function swallowed(pattern, method) {
  return (call, next) =>
    call.method === method && pattern.test(call.url.pathname) ? reply("{}", "application/json") : next(call);
}

export const VIOLATIONS = {
  "no-trim": (call, next) => (isTrim(call) ? reply(ACK, "application/protobuf") : next(call)),
  "wrong-trim": (call, next) => {
    if (!isTrim(call)) return next(call);
    const body = Buffer.from(call.body);
    body.writeBigUInt64BE(body.readBigUInt64BE(body.length - 8) + 1n, body.length - 8);
    return next({ ...call, body });
  },
  "no-boundary": (call, next) =>
    controlOf(call) === "turn-complete" ? reply(JSON.stringify(JSON_ACK), "application/json") : next(call),
  "double-boundary": async (call, next) => {
    if (controlOf(call) === "turn-complete") await next(call);
    return next(call);
  },
  "late-data": beside({ type: "text-delta", id: "late", delta: "late" }, true),
  "legacy-boundary": beside({ type: "trigger:turn-complete" }, false),
  "oversized-record": beside({ type: "data-big", data: "x".repeat(1047552) }, false),
  "no-cursor": without("session-in-event-id"),
  "no-consumed-cursor": without("session-in-consumed-id"),
  "cursor-ahead": replaced("session-in-event-id", (value) => String(Number(value) + 1000)),
  "cursor-back": replaced("session-in-event-id", () => "0"),
  "no-token": without("public-access-token"),
  "run-token": replaced("public-access-token", () => "run-scoped-token"),
  "control-not-first": boundary(([first, ...rest]) => [...rest, first]),
  "no-session-closed": (call, next) =>
    controlOf(call) === "session-closed" ? reply(JSON.stringify(JSON_ACK), "application/json") : next(call),
  "no-upgrade-required": (call, next) =>
    controlOf(call) === "upgrade-required" ? reply(JSON.stringify(JSON_ACK), "application/json") : next(call),
  /* A presigned upload is the only PUT that carries no key. */
  "no-snapshot": (call, next) =>
    call.method === "PUT" && !new Headers(call.headers).has("authorization") ? reply("", "text/plain") : next(call),
  "no-close-call": swallowed(/\/sessions\/[^/]+\/close$/, "POST"),
  "peek-header": (call, next) => {
    if (!/\/realtime\/v1\/sessions\/.+\/in$/.test(call.url.pathname)) return next(call);
    const headers = new Headers(call.headers);
    headers.set("X-Peek-Settled", "1");
    return next({ ...call, headers });
  },
};

export function violate(ids) {
  const chosen = ids.map((id) => {
    if (!Object.hasOwn(VIOLATIONS, id)) throw new Error(`no such violation: ${id}; there are ${Object.keys(VIOLATIONS).join(", ")}`);
    return VIOLATIONS[id];
  });
  const { fetch } = globalThis;
  const send = ({ input, init, headers, body, changed }) =>
    changed ? fetch(input, { ...init, headers, body }) : fetch(input, init);
  globalThis.fetch = async (input, init = {}) => {
    if (input instanceof Request) return throughRequest(input, init);
    const headers = new Headers(init.headers);
    return through({ input, init, url: new URL(String(input)), method: (init.method ?? "GET").toUpperCase(), headers, body: init.body });
  };
  async function throughRequest(request, init) {
    const body = request.body ? Buffer.from(await request.clone().arrayBuffer()) : undefined;
    const { method, headers, signal } = request;
    return through({ input: request.url, init: { method, signal, ...init }, url: new URL(request.url), method, headers, body, changed: true });
  }
  function through(call) {
    const type = new Headers(call.headers).get("content-type") ?? "";
    const chain = chosen.reduceRight(
      (next, violation) => (passed) => violation({ ...passed, type }, (out) => next({ ...out, changed: out.changed || out !== passed })),
      send,
    );
    return chain({ ...call, type });
  }
}
