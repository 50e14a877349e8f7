// A fault that a person can act on. Everything korun refuses or fails at is thrown as a Problem;
// the HTTP layer alone turns its code into a status, the CLI alone into an exit code.

/** Stable codes, the same in the HTTP envelope and in the CLI. */
export type ProblemCode =
  | "bad_request" // the input is wrong; `field` names where
  | "forbidden" // the caller may not talk to this daemon
  | "not_found" // no such session or route
  | "method_not_allowed" // the route exists, the method does not
  | "conflict" // impossible in the state things are in
  | "payload_too_large" // the body is over the limit
  | "not_executable" // the command exists and cannot be executed
  | "command_not_found" // no such command
  | "unavailable" // no daemon answers, or it is shutting down
  | "internal"; // a defect of korun

/** What a Problem carries beside its message. */
export interface ProblemOptions {
  /** What to do about it, as a sentence. */
  readonly hint?: string | undefined;
  /** The input field at fault, such as `command` or `watch[1]`. */
  readonly field?: string | undefined;
  /** What the field should have been, in words. */
  readonly expected?: string | undefined;
  /** Methods a route does have; only with `method_not_allowed`. */
  readonly allow?: readonly string[] | undefined;
  /** How what is there differs from what was asked for; only with `conflict`. */
  readonly differences?: readonly Difference[] | undefined;
  /** Bytes of the input that were written nevertheless. */
  readonly written?: number | undefined;
  readonly cause?: unknown;
}

/** One of them: what a field is, and what it was to be. */
export interface Difference {
  readonly field: string;
  readonly has: unknown;
  readonly asked: unknown;
}

/** An error with a stable code, a message that names action and value, and a remedy. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly hint: string | undefined;
  readonly field: string | undefined;
  readonly expected: string | undefined;
  readonly allow: readonly string[] | undefined;
  readonly differences: readonly Difference[] | undefined;
  readonly written: number | undefined;

  constructor(code: ProblemCode, message: string, options: ProblemOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.field = options.field;
    this.expected = options.expected;
    this.allow = options.allow;
    this.differences = options.differences;
    this.written = options.written;
  }
}

/** Whether what was thrown is a Problem of this code. */
export function isProblem(thrown: unknown, code: ProblemCode): boolean {
  return thrown instanceof Problem && thrown.code === code;
}

/** The message of anything thrown, for logs and wrapped errors. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The `code` of a system error such as `ENOENT`, or undefined for anything else. */
export function systemCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}
