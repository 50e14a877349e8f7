// Whether two sessions were asked for in the same way. What they inherit from their callers does not
// count: the same command typed in another shell is the same session.

import type { SessionSpec } from "./session.ts";

/** What makes a session another one. */
export type SpecPart = Exclude<keyof SessionSpec, "name" | "inherited">;

/** Every part, with what of it is compared. */
const COMPARED: { readonly [Part in SpecPart]: (spec: SessionSpec) => unknown } = {
  command: ({ command }) => command,
  // One folder, however many slashes its path is written with.
  cwd: ({ cwd }) => `${cwd}/`.replace(/\/(?:\.?\/)+/g, "/"),
  watch: ({ watch }) => watch,
  ignore: ({ ignore }) => ignore,
  env: ({ env }) => env,
  graceMs: ({ graceMs }) => graceMs,
  debounceMs: ({ debounceMs }) => debounceMs,
  restart: ({ restart }) => restart,
  ready: ({ ready }) => ready,
  health: ({ health }) => health,
  maxRssBytes: ({ maxRssBytes }) => maxRssBytes,
  maxRuntimeMs: ({ maxRuntimeMs }) => maxRuntimeMs,
  stdin: ({ stdin }) => stdin,
  // Its size is that of whoever looks at it.
  pty: ({ pty }) => pty !== undefined,
};

/** The parts in which two specs differ. */
export function differingParts(one: SessionSpec, other: SessionSpec): readonly SpecPart[] {
  const parts = Object.keys(COMPARED) as SpecPart[];
  return parts.filter((part) => {
    return canonical(COMPARED[part](one)) !== canonical(COMPARED[part](other));
  });
}

/** Text that is the same for the same value, whatever the order of its keys. */
function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) => {
      if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
      return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
    }) ?? ""
  );
}
