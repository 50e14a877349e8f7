import { describe, expect, test } from "bun:test";
import { isAtLeast, LEVELS } from "../../src/domain/level.ts";
import { mayContinue } from "../../src/logs/continuation.ts";
import { levelOf } from "../../src/logs/level.ts";

describe("a level is read from", () => {
  test.each([
    // Labels.
    ["ERROR", "error"],
    ["ERROR failed to bind", "error"],
    ["[error] failed to bind", "error"],
    ["[ERROR] failed", "error"],
    ["<warn> slow", "warn"],
    ["warn: deprecated", "warn"],
    ["Warning: Each child in a list should have a key", "warn"],
    ["Error: listen EADDRINUSE: address already in use :::3000", "error"],
    ["DEBUG: cache miss", "debug"],
    ["TRACE enter", "trace"],
    ["FATAL: out of memory", "error"],
    ["CRITICAL - disk", "error"],
    // What comes before them.
    ["2026-03-16T12:00:00.000Z ERROR boom", "error"],
    ["2026-03-16 12:00:00,123 - app.db - WARNING - slow query", "warn"],
    ["2026/03/16 12:00:00 [error] 123#0: *1 open() failed", "error"],
    ["[Mon Mar 16 12:00:00.000 2026] [core:error] [pid 1] no", "error"],
    ["[2026-03-16T12:00:00Z INFO  my_crate] started", "info"],
    ["2026-03-16T12:00:00.000Z\tinfo\tserver/main.go:10\tstarted", "info"],
    ["12:00:00.000 [main] DEBUG c.e.App - hello", "debug"],
    ["12:00PM INF listening", "info"],
    ["INFO[0000] started", "info"],
    ["[12:00:00.123] WARN (1234): slow", "warn"],
    ["web-1  | ERROR boom", "error"],
    ["E, [2026-03-16T12:00:00.123456 #123] ERROR -- : boom", "error"],
    ["Mar 16 12:00:00 host app[123]: error: disk full", "error"],
    ["2026-03-16 12:00:00.000 UTC [1] LOG:  database system is ready", "info"],
    ["app WARNING slow", "warn"],
    ["6:00:45 PM [vite] Internal server error: Transform failed with 1 error:", "error"],
    ["12:00:00 am warn slow", "warn"],
    ["[2026-03-16 18:01:59,074: ERROR/ForkPoolWorker-2] Task a.b[1-2] raised unexpected", "error"],
    ["[2026-03-16 18:01:59,074: WARNING/MainProcess] hm", "warn"],
    ["[2026-03-16 18:01:59] local.ERROR: boom", "error"],
    ["[2026-03-16T18:01:59.123456+00:00] request.CRITICAL: Uncaught", "error"],
    ["[2026-03-16 18:01:59] production.INFO: paid", "info"],
    // Words of the runtimes.
    ["WARNING:root:careful", "warn"],
    ["ERROR:    Exception in ASGI application", "error"],
    ["fail: Microsoft.AspNetCore.Server.Kestrel[13]", "error"],
    ["dbug: Microsoft.Extensions.Hosting[1]", "debug"],
    ["npm ERR! code ELIFECYCLE", "error"],
    ["npm error code E404", "error"],
    ["npm warn deprecated har-validator", "warn"],
    ["error Command failed with exit code 1.", "error"],
    ["--- FAIL: TestIt (0.00s)", "error"],
    ["✘ [ERROR] Could not resolve", "error"],
    ["[PARSE_ERROR] Expected a semicolon", "error"],
    ["FAILED test_a.py::test_bad - assert 1 == 2", "error"],
    ["(node:123) [DEP0040] DeprecationWarning: The `punycode` module is deprecated", "warn"],
    ["(node:123) MaxListenersExceededWarning: Possible leak", "warn"],
    ["(node:123) Warning: careful", "warn"],
    ["(node:123) UnhandledPromiseRejectionWarning: Error: boom", "error"],
    ["/a/b.py:3: DeprecationWarning: invalid escape sequence", "warn"],
    ["<frozen importlib._bootstrap>:241: RuntimeWarning: size changed", "warn"],
    // Compilers.
    ["warning: unused variable: `x`", "warn"],
    ["error[E0412]: cannot find type `Foo` in this scope", "error"],
    ["src/main.c:10:5: error: expected ';'", "error"],
    ["src/app.ts(3,5): error TS2304: Cannot find name 'x'.", "error"],
    ["src/app.ts:3:5 - error TS2304: Cannot find name 'x'.", "error"],
    ["  3:10  warning  'x' is not used  no-unused-vars", "warn"],
    // Keys.
    ['{"time":"2026-03-16","level":"error","msg":"boom"}', "error"],
    [`{"msg":"${"x".repeat(5_000)}","level":"error"}`, "error"],
    ['{"msg":"set log level: debug","level":"error"}', "error"],
    ['{"error":{"level":50},"msg":"was \\"level\\":50","level":30}', "info"],
    ['{"levelno":40,"level_name":"WARNING"}', "warn"],
    ['{"message":"GET /","log":{"level":"warn"}}', "warn"],
    ['msg="failed: level=fatal" level=info', "info"],
    ['level="warn" msg="a \\" level=error"', "warn"],
    ['{"level":30,"time":1,"msg":"hi"}', "info"],
    ['{"time":1,"level": 50,"msg":"boom"}', "error"],
    ['{"level":60,"msg":"dying"}', "error"],
    ['{"level":10,"msg":"tiny"}', "trace"],
    ['{"severity":"WARNING","message":"slow"}', "warn"],
    ["time=12:00 level=warn msg=slow", "warn"],
    ['ts=1 lvl=eror msg="boom"', "error"],
    ['{"t":{"$date":"2026"},"s":"E","c":"NETWORK","id":1,"ctx":"x","msg":"boom"}', "error"],
    ['{"s":"W","ctx":"main","msg":"slow","attr":{"level":"error"}}', "warn"],
    ['{"s":"D3","c":"QUERY","ctx":"conn1","msg":"plan"}', "debug"],
    // Letters.
    ["E0412 12:00:00.000000       7 main.go:3] boom", "error"],
    ["W0412 12:00:00.000000       7 main.go:3] hm", "warn"],
    ["E/Tag(  123): boom", "error"],
    ["03-16 12:00:00.000  123  456 D Tag: hm", "debug"],
    ["[I 12:00:00 App] Serving", "info"],
    // Faults that state no level.
    ["TypeError: x is not a function", "error"],
    ["Uncaught ReferenceError: x is not defined", "error"],
    ["java.lang.IllegalStateException: no", "error"],
    ["Traceback (most recent call last):", "error"],
    ["thread 'main' panicked at src/main.rs:2:5:", "error"],
    ["thread 'main' (14956) panicked at src/main.rs:2:287:", "error"],
    ["thread 'main' panicked at 'boom', src/main.rs:2:5", "error"],
    ["panic: runtime error: index out of range", "error"],
    ["2026/03/16 12:00:00 http: panic serving 127.0.0.1:53802: boom", "error"],
  ] as const)("%s", (line, level) => {
    expect(levelOf(line)).toBe(level);
  });
});

test.each([
  "",
  "Server listening on :3000",
  "no error found",
  "Found 0 errors. Watching for file changes.",
  "handling the error case",
  "errors: none",
  "GET /error 200 3ms",
  "information wants to be free",
  "player reached level 42",
  "the warning light is on",
  "toString constructor",
  "constructor: [native code]",
  "Login: admin",
  "I am in no error: so far",
  "6:00:45 PM [vite] hmr update /src/Errors.tsx",
  "test_a.py::test_bad FAILED [ 50%]",
  "FAILED to find any, which is fine",
  "  FAILED test_a.py::test_bad",
  "[LAST_ERROR] none",
  "see [PARSE_ERROR] in the manual",
  "config.DEBUG: true",
  "local.ERROR: is what Laravel says behind a time",
  "[2026-03-16 18:01:59: ERRORS/none] fine",
  "GET /ERROR/page 200",
  '{"s":"E","msg":"a letter"}',
  '{"s":"error","ctx":"x"}',
  '{"s":"D9","ctx":"x"}',
  '{"s":"E","ctx":5}',
  '["s","E","ctx"]',
  "how to silence DeprecationWarning: a guide",
  "note: run with `RUST_BACKTRACE=1`",
  "help: consider importing this",
  "main.main()",
  "(node:123) started",
  "http: panicking is discouraged",
])("no level is read from: %s", (line) => {
  expect(levelOf(line)).toBeUndefined();
});

test("what is long and strange is read quickly", () => {
  const lines = [
    "[".repeat(60_000),
    "a:".repeat(60_000),
    "level".repeat(20_000),
    " ".repeat(60_000),
    `[2026-03-16 ${"1:".repeat(30_000)}`,
    `FAILED ${"x:".repeat(30_000)}`,
    ":1".repeat(30_000),
    "main.f(".repeat(10_000),
    `main.f(${"0x1, ".repeat(10_000)}`,
    `${"a".repeat(60_000)} frames elide`,
    `...${"frames elided".repeat(5_000)}`,
  ];
  for (const line of lines) {
    expect(levelOf(line)).toBeUndefined();
    mayContinue(line);
  }
});

test("levels are in order", () => {
  expect(LEVELS.map((level) => isAtLeast(level, "info"))).toEqual([false, false, true, true, true]);
});
