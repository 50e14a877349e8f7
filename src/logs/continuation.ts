// What a line is to those before it in its stream and run: a message of its own, more of the one
// before, or the announcement of one that comes. Pure. What shows by itself (an indent, a closing
// bracket) always counts; what looks like an ordinary line does only where it is expected: the
// frames of Go behind `goroutine 1 [running]:`, the hints of rustc behind what it reports.

import type { Level } from "../domain/level.ts";
import { isFault } from "./level.ts";

/** What the lines before lead one to expect. */
export type Context =
  | "nothing"
  /** It states an error: a trace of Python that comes next is of that error. */
  | "error"
  /** So does it, or a warning, as compilers do, or it is what a panic of Rust said: with hints. */
  | "report"
  /** Rust announced a panic: the next line is its message, whatever it looks like. */
  | "panic"
  /** Frames of Go. */
  | "frames"
  /** A trace of Python that ends with its message. */
  | "trace"
  /** A trace of Python that belongs to the error before it, up to its exception. */
  | "logged trace"
  /** The exception at its end was said; another one may be chained to it, … */
  | "logged exception"
  /** … as was said now: its trace belongs there too. */
  | "logged chain";

/** What a line is to the others. */
export interface Role {
  readonly kind: "message" | "more" | "heading";
  /** What to expect of the next line. */
  readonly context: Context;
}

/** The role of a line that states this level, behind a line of that context and level. */
export function roleOf(
  text: string,
  stated: Level | undefined,
  before: { readonly context: Context; readonly level: Level },
): Role {
  const { context } = before;
  if (context === "panic") return { kind: "message", context: "report" };
  if ((stated === undefined && isContinuation(text)) || isExpected(text, context)) {
    return { kind: "more", context: contextInside(text, context) };
  }
  if (isTrace(text)) {
    const isLogged = TRACED.has(context) && before.level === "error";
    return isLogged
      ? { kind: "more", context: "logged trace" }
      : { kind: "heading", context: "trace" };
  }
  if (isPanic(text)) return { kind: "heading", context: "panic" };
  if (context === "logged trace" && (stated === undefined || isFault(text))) {
    return { kind: "more", context: "logged exception" };
  }
  return { kind: "message", context: contextOf(text, stated) };
}

/**
 * Whether a line goes on with what the one before it says, by its looks and if it states no level:
 * it is empty or indented, closes a bracket, or is what traces and compilers say without an indent.
 */
export function isContinuation(text: string): boolean {
  return CONTINUATION.test(text);
}

const CONTINUATION =
  /^(?:\s|$|[)}\]]|\d+ *\||at |Caused by:|\.\.\. \d+ more|goroutine \d+ \[|\[signal SIG|stack backtrace:|During handling of|The above exception|\(Use `node )/;

/** Whether a line may be more of the one before it in some context. */
export function mayContinue(text: string): boolean {
  return isContinuation(text) || HINT.test(text) || FRAME.test(text);
}

/** rustc's: `help: …`, `2 + use …`, `...` for lines that it leaves out. */
const HINT = /^(?:(?:help|note): |\d+ *[+~-](?: |$)|\.\.\.(?:\s|$))/;

/** `main.(*T).f(0xc00001, {0x1?, 0x2})`, `main.f[...](...)`; `created by main.f in goroutine 1`. */
const FRAME =
  /^(?:created by \S|\.\.\.\S* ?frames elided|[^\s()]+(?:\(\*?[^\s()]+\)[^\s()]+)?\([\da-fx?{}, ._]*\)$)/;

function isExpected(text: string, context: Context): boolean {
  // Go says a panic again that came while another was handled.
  if (text.startsWith("\tpanic: ")) return true;
  return (context === "frames" && FRAME.test(text)) || (context === "report" && HINT.test(text));
}

/** Where a trace of Python is of the error before it. */
const TRACED: ReadonlySet<Context> = new Set<Context>(["error", "report", "logged chain"]);

/** What to expect behind a line that continues the one before it. */
function contextInside(text: string, context: Context): Context {
  if (text.startsWith("goroutine ")) return "frames";
  if (context === "logged exception") {
    return /^(?:During handling of|The above exception)/.test(text) ? "logged chain" : context;
  }
  // Only what comes directly behind an error is of it.
  return context === "error" ? "nothing" : context;
}

/** What to expect behind a message. */
function contextOf(text: string, stated: Level | undefined): Context {
  if (stated !== "error" && stated !== "warn") return "nothing";
  if (REPORT.test(text)) return "report";
  return stated === "error" && !isFault(text) ? "error" : "nothing";
}

const REPORT = /^(?:(?:error|warning)(?:\[\w+\])?: |thread ')/;

function isTrace(text: string): boolean {
  return text.startsWith("Traceback (most recent call last)");
}

/** Whether Rust says the message in the next line; it was quoted in the same one before 1.73. */
function isPanic(text: string): boolean {
  return text.startsWith("thread '") && isFault(text) && /:\d+:$/.test(text.slice(-12));
}
