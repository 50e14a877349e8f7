// The flags of `serve` and `run` that say what a session is to do by itself, and the request that
// they become. What a value must be is the daemon's to say; only what has a form of its own on the
// command line is taken apart here.

import type { CreateSessionBody } from "../../api/requests.ts";
import { parseDuration } from "../../domain/duration.ts";
import { Problem } from "../../domain/problem.ts";
import { COUNT, DURATION, HTTP_URL, PORT, SIZE, something } from "./forms.ts";
import type { Flags, Values } from "./signature.ts";

const POLICY_FORM =
  "never, always, fixed:TIME or exponential:TIME..TIME (the second no shorter), such as exponential:1s..30s";

/** The restart policies of docker and systemd, in our words. */
function policyRemedy(value: string): string | undefined {
  if (value === "no") return "Write: --restart never";
  if (value === "unless-stopped") return "Write: --restart always (one that was stopped stays so)";
  const [on, most] = /^on-(?:failure|abnormal|abort)(?::(\d+))?$/.exec(value) ?? [];
  if (on === undefined) return undefined;
  const limit = most === undefined ? "" : ` --max-restarts ${most}`;
  return `Write: --restart always --restart-on failure${limit}`;
}

export const POLICY_FLAGS = {
  restart: {
    kind: "value",
    value: "POLICY",
    form: {
      words: POLICY_FORM,
      matches: (value) => policyIn(value) !== undefined,
      remedy: policyRemedy,
    },
    about: "Start it again when it ends: always, fixed:1s or exponential:1s..30s",
  },
  "restart-on": {
    kind: "choice",
    choices: ["any", "failure"],
    about: "Which ends the policy answers (default: any)",
  },
  "max-restarts": {
    kind: "value",
    value: "N",
    form: COUNT,
    about: "Restarts in a row before the policy gives up",
  },
  "restart-reset": {
    kind: "value",
    value: "TIME",
    form: DURATION,
    about: "A run of so long forgives the restarts before it (default: 1m)",
  },
  "ready-log": {
    kind: "list",
    value: "TEXT",
    form: something("a text"),
    about: "Ready once it has printed this (repeatable)",
  },
  "ready-regex": {
    kind: "list",
    value: "REGEX",
    form: something("a regular expression"),
    about: "Ready once a line matches this (repeatable)",
  },
  "ready-port": {
    kind: "list",
    value: "PORT",
    form: PORT,
    about: "Ready once it listens on this TCP port (repeatable)",
  },
  "ready-url": {
    kind: "list",
    value: "URL",
    form: HTTP_URL,
    about: "Ready once this answers (repeatable)",
  },
  "ready-file": {
    kind: "list",
    value: "FILE",
    form: something("a file"),
    offer: "files",
    about: "Ready once this file exists (repeatable)",
  },
  "ready-cmd": {
    kind: "list",
    value: "COMMAND",
    form: something("a shell command"),
    about: "Ready once this shell command exits with 0 (repeatable)",
  },
  "ready-timeout": {
    kind: "value",
    value: "TIME",
    form: DURATION,
    about: "Time for each to be met (default: 60s)",
  },
  "health-url": { kind: "value", value: "URL", form: HTTP_URL, about: "Well while this answers" },
  "health-port": {
    kind: "value",
    value: "PORT",
    form: PORT,
    about: "Well while it listens on this TCP port",
  },
  "health-cmd": {
    kind: "value",
    value: "COMMAND",
    form: something("a shell command"),
    about: "Well while this shell command exits with 0",
  },
  "health-interval": {
    kind: "value",
    value: "TIME",
    form: DURATION,
    about: "Time between two looks (default: 10s)",
  },
  "health-timeout": {
    kind: "value",
    value: "TIME",
    form: DURATION,
    about: "Time for one look (default: 5s)",
  },
  "health-threshold": {
    kind: "value",
    value: "N",
    form: COUNT,
    about: "Failures in a row that make it unhealthy (default: 3)",
  },
  "health-restart": { kind: "switch", about: "Restart it when it is unhealthy" },
  "max-rss": {
    kind: "value",
    value: "SIZE",
    form: SIZE,
    about: "End it when all its processes use more memory than this",
  },
  "max-runtime": {
    kind: "value",
    value: "TIME",
    form: DURATION,
    about: "End a run that lasts longer",
  },
  stdin: {
    kind: "choice",
    choices: ["none", "pipe"],
    about: "Let `korun send` write to it with pipe (default: none)",
  },
  pty: { kind: "switch", about: "Run it in a terminal, for `korun attach`" },
} as const satisfies Flags;

type PolicyValues = Values<typeof POLICY_FLAGS>;

/** The fields of a request that these flags are. Throws a Problem for flags that need another. */
export function policyRequest(flags: PolicyValues): Partial<CreateSessionBody> {
  const restart = restartIn(flags);
  const ready = readyIn(flags);
  const health = healthIn(flags);
  return {
    ...(restart === undefined ? {} : { restart }),
    ...(ready.length === 0 ? {} : { ready }),
    ...(health === undefined ? {} : { health }),
    ...(flags["max-rss"] === undefined ? {} : { max_rss: flags["max-rss"] }),
    ...(flags["max-runtime"] === undefined ? {} : { max_runtime: flags["max-runtime"] }),
    ...(flags.stdin === undefined ? {} : { stdin: flags.stdin }),
    ...(flags.pty ? { pty: terminalHere() } : {}),
  };
}

function restartIn(flags: PolicyValues): CreateSessionBody["restart"] {
  const policy = flags.restart === undefined ? undefined : policyIn(flags.restart);
  const extras = {
    ...(flags["restart-on"] === undefined ? {} : { on: flags["restart-on"] }),
    ...(flags["max-restarts"] === undefined ? {} : { maxRestarts: Number(flags["max-restarts"]) }),
    ...(flags["restart-reset"] === undefined ? {} : { resetAfter: flags["restart-reset"] }),
  };
  if (Object.keys(extras).length === 0) return policy;
  if (policy === undefined || policy.kind === "never") {
    throw needs(
      "--restart-on, --max-restarts and --restart-reset mean",
      "--restart always, for one",
    );
  }
  return { ...policy, ...extras };
}

type Policy = NonNullable<CreateSessionBody["restart"]>;

function policyIn(value: string): Policy | undefined {
  const [kind, rest, ...more] = value.split(":");
  if (more.length > 0) return undefined;
  if (kind === "never" || kind === "always") return rest === undefined ? { kind } : undefined;
  if (kind === "fixed") {
    if (rest === undefined) return { kind };
    return DURATION.matches(rest) ? { kind, delay: rest } : undefined;
  }
  if (kind !== "exponential") return undefined;
  if (rest === undefined) return { kind };
  const [initialDelay = "", maxDelay = "", ...others] = rest.split("..");
  const [least, most] = [parseDuration(initialDelay), parseDuration(maxDelay)];
  const isRange = others.length === 0 && least !== undefined && most !== undefined && least <= most;
  return isRange ? { kind, initialDelay, maxDelay } : undefined;
}

function readyIn(flags: PolicyValues): ReadyList {
  const timeout = flags["ready-timeout"];
  const checks = [
    ...flags["ready-log"].map((log) => ({ log })),
    ...flags["ready-regex"].map((regex) => ({ regex })),
    ...flags["ready-port"].map((port) => ({ port: Number(port) })),
    ...flags["ready-url"].map((url) => ({ url })),
    ...flags["ready-file"].map((file) => ({ file })),
    ...flags["ready-cmd"].map((command) => ({ command })),
  ];
  if (timeout === undefined) return checks;
  if (checks.length === 0) throw needs("--ready-timeout means", "--ready-port 3000, for one");
  return checks.map((check) => ({ ...check, timeout }));
}

type ReadyList = Extract<NonNullable<CreateSessionBody["ready"]>, readonly unknown[]>;

function healthIn(flags: PolicyValues): CreateSessionBody["health"] {
  const checks = {
    ...(flags["health-url"] === undefined ? {} : { url: flags["health-url"] }),
    ...(flags["health-port"] === undefined ? {} : { port: Number(flags["health-port"]) }),
    ...(flags["health-cmd"] === undefined ? {} : { command: flags["health-cmd"] }),
  };
  const threshold = flags["health-threshold"];
  const extras = {
    ...(flags["health-interval"] === undefined ? {} : { interval: flags["health-interval"] }),
    ...(flags["health-timeout"] === undefined ? {} : { timeout: flags["health-timeout"] }),
    ...(threshold === undefined ? {} : { threshold: Number(threshold) }),
    ...(flags["health-restart"] ? { restart: true } : {}),
  };
  if (Object.keys(checks).length > 1) {
    throw new Problem("bad_request", "--health-url, --health-port and --health-cmd contradict", {
      hint: "Only one of them can be looked at.",
    });
  }
  if (Object.keys(checks).length > 0) return { ...checks, ...extras };
  if (Object.keys(extras).length === 0) return undefined;
  throw needs("--health-… flags mean", "--health-url, --health-port or --health-cmd");
}

/** As large as the caller's own, if there is one. */
function terminalHere(): true | { cols: number; rows: number } {
  const { columns: cols, rows } = process.stdout;
  return cols > 0 && rows > 0 ? { cols, rows } : true;
}

function needs(what: string, other: string): Problem {
  return new Problem("bad_request", `${what} nothing alone`, { hint: `Add ${other}.` });
}
