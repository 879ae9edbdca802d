/* Finding installed packages by folder: for the adapters, which drive a version that lies elsewhere. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

/* Where `name` would be found by code in `from`. Not through require.resolve, since a package may
 * keep its package.json out of its exports. */
export function packageFolder(name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
    if (dirname(folder) === folder) return undefined;
  }
}

export function packageVersion(name, from) {
  const folder = from && packageFolder(name, from);
  return folder ? readJson(join(folder, "package.json")).version : undefined;
}

/* The file behind an entry of a package's exports map. Importing that file works from any place
 * and lets several versions live side by side. */
export function entryFile(folder, entry) {
  let target = readJson(join(folder, "package.json")).exports?.[entry];
  for (const condition of ["import", "default"]) {
    if (target && typeof target === "object" && condition in target) target = target[condition];
  }
  if (typeof target !== "string") throw new Error(`the package has no entry "${entry}"`);
  return join(folder, target);
}
