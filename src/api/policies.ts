// What a session may be asked to do by itself: start again, say when it is ready, be looked at.
// The shapes are those of Runy's process page; what comes out is the domain's own.

import * as v from "valibot";
import {
  type Check,
  DEFAULT_HEALTH_INTERVAL_MS,
  DEFAULT_HEALTH_THRESHOLD,
  DEFAULT_HEALTH_TIMEOUT_MS,
  DEFAULT_READY_TIMEOUT_MS,
  type HealthCheck,
  LEAST_HEALTH_INTERVAL_MS,
  type ReadyCheck,
} from "../domain/checks.ts";
import {
  DEFAULT_RESET_AFTER_MS,
  NEVER_RESTART,
  type RestartPolicy,
} from "../domain/restart-policy.ts";
import { about } from "./reply-values.ts";
import { age, atLeast, duration, integer, nonEmptyText, positive, shape, text } from "./values.ts";

const KINDS = "one of never, always, fixed, exponential";

const common = {
  on: v.optional(v.picklist(["any", "failure"], "any or failure"), "any"),
  resetAfter: v.optional(age, DEFAULT_RESET_AFTER_MS),
  maxRestarts: v.optional(
    integer("a non-negative integer", { min: 0, max: Number.MAX_SAFE_INTEGER }),
  ),
};

const DEFAULT_MAX_DELAY_MS = 30_000;

/** The longest delay of an exponential policy, in ms: a default is no shorter than the first. */
function longestOf(policy: {
  readonly initialDelay: number;
  readonly maxDelay?: number | undefined;
}): number {
  return policy.maxDelay ?? Math.max(DEFAULT_MAX_DELAY_MS, policy.initialDelay);
}

/** When a session that ended is started again. */
export const restartPolicy = v.pipe(
  v.variant(
    "kind",
    [
      shape({ kind: v.literal("never") }, "an object"),
      shape({ kind: v.literal("always"), ...common }, "an object"),
      shape(
        { kind: v.literal("fixed"), delay: v.optional(duration, 1_000), ...common },
        "an object",
      ),
      shape(
        {
          kind: v.literal("exponential"),
          initialDelay: v.optional(duration, 1_000),
          maxDelay: about(
            v.optional(duration),
            "30s, or as long as `initialDelay`, unless it is said.",
          ),
          multiplier: v.optional(
            v.pipe(
              v.number("a number of at least 1"),
              v.finite("a number of at least 1"),
              v.minValue(1, "a number of at least 1"),
            ),
            2,
          ),
          ...common,
        },
        "an object",
      ),
    ],
    (issue) => (issue.expected === "Object" ? `an object whose kind is ${KINDS}` : KINDS),
  ),
  v.forward(
    v.check(
      (policy) => policy.kind !== "exponential" || longestOf(policy) >= policy.initialDelay,
      "no less than initialDelay",
    ),
    ["maxDelay"],
  ),
  v.transform((policy): RestartPolicy => {
    if (policy.kind === "never") return NEVER_RESTART;
    const { on, resetAfter: resetAfterMs, maxRestarts } = policy;
    const shared = { on, resetAfterMs, maxRestarts };
    if (policy.kind === "always") return { kind: "always", ...shared };
    if (policy.kind === "fixed") return { kind: "fixed", delayMs: policy.delay, ...shared };
    const { initialDelay: initialDelayMs, multiplier } = policy;
    const maxDelayMs = longestOf(policy);
    return { kind: "exponential", initialDelayMs, maxDelayMs, multiplier, ...shared };
  }),
);

const port = integer("a port from 1 to 65535", { min: 1, max: 65_535 });

const url = v.pipe(
  v.string("an http:// or https:// URL"),
  v.metadata({ pattern: "^https?://" }),
  v.check(isHttpUrl, "an http:// or https:// URL"),
);

/** A command line for a shell, or a program and its arguments. */
const command = v.pipe(
  v.union(
    [nonEmptyText, v.tupleWithRest([nonEmptyText], text)],
    "a shell command, or an array of strings",
  ),
  v.transform((given): readonly [string, ...string[]] =>
    typeof given === "string" ? ["sh", "-c", given] : given,
  ),
);

const PATTERN_FORM = "1 to 1000 characters";

const sought = v.pipe(
  nonEmptyText,
  v.check((text) => text.length <= 1_000, PATTERN_FORM),
);

const status = integer("an HTTP status from 100 to 599", { min: 100, max: 599 });

const STATUS_FORM = "left out unless there is a url";

/** The same for the documents. */
const STATUS_NEEDS_URL = { dependentRequired: { status: ["url"] } };

const CHECKS = ["log", "regex", "port", "url", "file", "command"] as const;

const READY_KINDS = `at least one of ${CHECKS.join(", ")}`;

const readyCheck = v.pipe(
  shape(
    {
      log: v.optional(sought),
      regex: v.optional(sought),
      port: v.optional(port),
      url: v.optional(url),
      status: v.optional(status),
      file: v.optional(nonEmptyText),
      command: v.optional(command),
      timeout: v.optional(age, DEFAULT_READY_TIMEOUT_MS),
    },
    `an object with ${READY_KINDS}`,
  ),
  v.metadata({ ...STATUS_NEEDS_URL, anyOf: CHECKS.map((kind) => ({ required: [kind] })) }),
  v.forward(
    v.check(({ url, status }) => status === undefined || url !== undefined, STATUS_FORM),
    ["status"],
  ),
  v.check(
    ({ timeout: _, status: __, ...checks }) =>
      Object.values(checks).some((one) => one !== undefined),
    `an object with ${READY_KINDS}`,
  ),
  v.transform(({ timeout: timeoutMs, ...given }): readonly ReadyCheck[] =>
    checksOf(given).map((check) => ({ check, timeoutMs })),
  ),
);

/** What makes a session ready: one object, or a list of which all are to be met. */
export const readyChecks = v.pipe(
  v.union(
    [
      v.pipe(
        readyCheck,
        v.transform((checks) => [checks]),
      ),
      v.array(readyCheck),
    ],
    `an object with ${READY_KINDS}, or an array of such objects`,
  ),
  v.transform((lists): readonly ReadyCheck[] => lists.flat()),
);

const LOOKS = ["url", "port", "command"] as const;

const HEALTH_KINDS = `an object with one of ${LOOKS.join(", ")}`;

/** What is looked at while a session runs. */
export const healthCheck = v.pipe(
  shape(
    {
      url: v.optional(url),
      status: v.optional(status),
      port: v.optional(port),
      command: v.optional(command),
      interval: v.optional(atLeast(age, LEAST_HEALTH_INTERVAL_MS), DEFAULT_HEALTH_INTERVAL_MS),
      timeout: v.optional(positive(duration), DEFAULT_HEALTH_TIMEOUT_MS),
      threshold: v.optional(
        integer("an integer from 1 to 1000", { min: 1, max: 1_000 }),
        DEFAULT_HEALTH_THRESHOLD,
      ),
      restart: v.optional(v.boolean("true or false"), false),
    },
    HEALTH_KINDS,
  ),
  v.metadata({ ...STATUS_NEEDS_URL, oneOf: LOOKS.map((kind) => ({ required: [kind] })) }),
  v.forward(
    v.check(({ url, status }) => status === undefined || url !== undefined, STATUS_FORM),
    ["status"],
  ),
  v.check((given) => LOOKS.filter((kind) => given[kind] !== undefined).length === 1, HEALTH_KINDS),
  v.rawTransform(({ dataset, addIssue, NEVER }): HealthCheck => {
    const { interval, timeout, threshold, restart, ...given } = dataset.value;
    const [check] = checksOf(given);
    if (check?.kind === "url" || check?.kind === "port" || check?.kind === "command") {
      return { check, intervalMs: interval, timeoutMs: timeout, threshold, restart };
    }
    addIssue({ message: HEALTH_KINDS });
    return NEVER;
  }),
);

interface GivenChecks {
  readonly log?: string | undefined;
  readonly regex?: string | undefined;
  readonly port?: number | undefined;
  readonly url?: string | undefined;
  readonly status?: number | undefined;
  readonly file?: string | undefined;
  readonly command?: readonly [string, ...string[]] | undefined;
}

function checksOf(given: GivenChecks): readonly Check[] {
  const { log, regex, port, url, status, file, command } = given;
  const checks: (Check | undefined)[] = [
    log === undefined ? undefined : { kind: "log", text: log },
    regex === undefined ? undefined : { kind: "regex", pattern: regex },
    port === undefined ? undefined : { kind: "port", port },
    url === undefined ? undefined : { kind: "url", url, status },
    file === undefined ? undefined : { kind: "file", path: file },
    command === undefined ? undefined : { kind: "command", command },
  ];
  return checks.filter((check) => check !== undefined);
}

/** One that a request can be made of: nobody listens on port 0, and not every password decodes. */
function isHttpUrl(value: string): boolean {
  if (!/^https?:\/\//.test(value) || !URL.canParse(value)) return false;
  const { port, username, password } = new URL(value);
  return port !== "0" && isPercentEncoded(`${username}:${password}`);
}

function isPercentEncoded(value: string): boolean {
  try {
    decodeURIComponent(value);
    return true;
  } catch {
    return false;
  }
}
