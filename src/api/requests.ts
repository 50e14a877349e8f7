// What a client may send, as schemas: the daemon checks every request against these and nothing
// else looks at raw input. A message says what was expected; the field is named by the checker.

import * as v from "valibot";
import { healthCheck, readyChecks, restartPolicy } from "./policies.ts";
import {
  age,
  cells,
  duration,
  environment,
  integer,
  nonEmptyText,
  pathOrGlob,
  positive,
  sessionName,
  shape,
  size,
  text,
} from "./values.ts";

/** A terminal, 80 by 24 unless it says otherwise. */
const terminal = v.union(
  [
    v.pipe(
      v.boolean(),
      v.transform((wanted) => (wanted ? { cols: 80, rows: 24 } : undefined)),
    ),
    shape({ cols: v.optional(cells, 80), rows: v.optional(cells, 24) }, "an object"),
  ],
  "true, or an object of cols and rows, each from 1 to 1000",
);

/** Body of `POST /v1/sessions`. Unknown fields are refused, so that a typo is never ignored. */
export const CreateSession = v.strictObject(
  {
    command: v.tupleWithRest(
      [nonEmptyText],
      text,
      "an array of strings, the program and its arguments",
    ),
    cwd: v.optional(v.pipe(text, v.startsWith("/", "an absolute path"))),
    name: v.optional(sessionName),
    watch: v.optional(v.array(pathOrGlob, "an array of paths or globs"), []),
    ignore: v.optional(v.array(pathOrGlob, "an array of globs"), []),
    env: v.optional(environment, {}),
    inherit_env: v.optional(environment),
    inherit_umask: v.optional(integer("an integer from 0 to 511 (0o777)", { min: 0, max: 0o777 })),
    inherit_open_files: v.optional(
      integer("an integer of at least 16", { min: 16, max: Number.MAX_SAFE_INTEGER }),
    ),
    grace: v.optional(duration),
    debounce: v.optional(duration),
    restart: v.optional(restartPolicy),
    ready: v.optional(readyChecks, []),
    health: v.optional(healthCheck),
    max_rss: v.optional(size),
    max_runtime: v.optional(positive(age)),
    stdin: v.optional(v.picklist(["none", "pipe"], "none or pipe"), "none"),
    pty: v.optional(terminal),
  },
  "an object",
);

/** A checked `POST /v1/sessions` body. */
export type CreateSession = v.InferOutput<typeof CreateSession>;
/** The same as a client writes it. */
export type CreateSessionBody = v.InferInput<typeof CreateSession>;

/** Body of `POST /v1/prune`. */
export const PruneSessions = v.strictObject(
  {
    older_than: v.optional(age),
    keep: v.optional(integer("a non-negative integer", { min: 0, max: Number.MAX_SAFE_INTEGER })),
  },
  "an object",
);

/** The same as a client writes it. */
export type PruneSessionsBody = v.InferInput<typeof PruneSessions>;

/** Body of `POST /v1/daemon/upgrade`. */
export const UpgradeDaemon = v.strictObject(
  { binary: v.pipe(nonEmptyText, v.startsWith("/", "an absolute path")) },
  "an object",
);
