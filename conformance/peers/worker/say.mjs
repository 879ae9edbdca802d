/* Talking to the suite: one JSON object a line on stdout, which belongs to events alone. */
for (const level of ["log", "info", "debug"]) console[level] = console.error;

let bends = []; // of violations: what they make of an event

export function bendEvents(list) {
  bends = list;
}

function write(message) {
  process.stdout.write(JSON.stringify(message) + "\n");
}

export function say(message) {
  let told = [message];
  for (const bend of bends) {
    told = told.flatMap((event) => {
      const bent = bend(event);
      return bent === undefined ? [event] : bent === false ? [] : [bent].flat();
    });
  }
  told.forEach(write);
}

export function describeError(error) {
  if (error === null || typeof error !== "object") return { name: "", message: String(error) };
  const told = { name: String(error.name ?? ""), message: String(error.message ?? "") };
  if (typeof error.status === "number") told.status = error.status;
  if (error.code !== undefined) told.code = String(error.code);
  /* ChatChunkTooLargeError says what was too large in members of its own. */
  for (const key of ["chunkSize", "maxSize", "chunkType"]) {
    if (error[key] !== undefined) told[key] = error[key];
  }
  return told;
}

const LONG_TEXT = 4096; // a longer string is told by its start and its length
const DEEP = 24;

/* A copy of a value that JSON can write: no cycles, functions, signals or handles; errors and long
 * strings are described. */
export function digest(value, depth = 0) {
  if (typeof value === "string") {
    return value.length > LONG_TEXT ? { $text: value.slice(0, 64), length: value.length } : value;
  }
  if (typeof value === "bigint") return String(value);
  if (value === undefined || value === null || typeof value === "number" || typeof value === "boolean") {
    return value;
  }
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (depth >= DEEP) return { $deep: true };
  if (value instanceof Error) return describeError(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof URL) return value.href;
  if (value instanceof Map) return digest(Object.fromEntries(value), depth + 1);
  if (ArrayBuffer.isView(value)) return { $bytes: value.byteLength };
  if (Array.isArray(value)) return value.map((item) => digest(item, depth + 1) ?? null);
  if (value instanceof AbortSignal || typeof value.then === "function") return undefined;
  const told = {};
  for (const [key, inner] of Object.entries(value)) {
    const plain = digest(inner, depth + 1);
    if (plain !== undefined) told[key] = plain;
  }
  return told;
}
