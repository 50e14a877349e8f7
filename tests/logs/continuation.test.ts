import { describe, expect, test } from "bun:test";
import { isContinuation } from "../../src/logs/continuation.ts";
import { Leveller } from "../../src/logs/leveller.ts";

/** Each line with its level; `*` stands before a message. */
function read(...lines: readonly string[]): string[] {
  const leveller = new Leveller();
  return lines.map((line, index) => {
    const entry = {
      seq: index + 1,
      time: 0,
      stream: "stderr",
      run: 1,
      partial: false,
      unterminated: false,
      bytes: Buffer.from(line),
    } as const;
    const { level, isMessage } = leveller.judge(entry, line);
    return `${isMessage ? "*" : " "} ${level} ${line}`;
  });
}

/** The lines but for those that only continue an error. */
function messages(...lines: readonly string[]): string[] {
  return read(...lines).filter((line) => !line.startsWith("  error "));
}

test("indented, closing and empty lines continue the one before, and so do stack traces", () => {
  const trace = [
    "    at Server.listen (node:net:1)",
    "\tat com.example.Main.main(Main.java:5)",
    "Caused by: java.io.IOException",
    "... 12 more",
    '  File "x.py", line 3, in f',
    "}",
    "",
    "12 | let x = 1;",
    "goroutine 1 [running]:",
  ];
  for (const line of trace) expect([line, isContinuation(line)]).toEqual([line, true]);
  for (const line of ["ready", "At last", "3 tests", "=> done"]) {
    expect([line, isContinuation(line)]).toEqual([line, false]);
  }
});

describe("a panic of Rust", () => {
  const place = "thread 'main' (14956) panicked at src/main.rs:2:287:";
  const hint = "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace";

  test("is the line that comes next, whatever it says", () => {
    for (const said of ["index out of bounds: the len is 2", "INFO: no", "help: me", "  ", "}"]) {
      expect(messages("plain", place, said, hint, "on")).toEqual([
        "* info plain",
        `* error ${said}`,
        "* info on",
      ]);
    }
  });

  test("takes its backtrace with it", () => {
    const trace = ["stack backtrace:", "   0: a::f", "             at ./src/main.rs:2:5", hint];
    expect(messages(place, "boom", ...trace, "", place, "again")).toEqual([
      "* error boom",
      "* error again",
    ]);
  });

  test("is one line in the old form", () => {
    const old = "thread 'main' panicked at 'boom', src/main.rs:2:5";
    expect(messages(old, hint, "on")).toEqual([`* error ${old}`, "* info on"]);
  });
});

describe("a trace of Go", () => {
  const frames = [
    "goroutine 1 [running]:",
    "main.(*T).M.func1()",
    "\t/app/main.go:5 +0x66",
    "panic({0x733a00?, 0xdd7c3944138?})",
    "\t/usr/local/go/src/runtime/panic.go:860 +0x13a",
    "github.com/x/y.(*T[...]).M(0xc0000140a0, {0x0?, 0x1}, ...)",
    "main.f[...](...)",
    "main.main()",
    "created by net/http.(*Server).Serve in goroutine 1",
    "\t/usr/local/go/src/net/http/server.go:3464 +0x485",
    "...12 frames elided...",
    "",
    "goroutine 17 [chan receive]:",
    "main.g(0x1)",
  ];

  test("belongs to the panic", () => {
    const panic = "panic: boom [recovered]";
    const signal = "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48]";
    expect(messages(panic, "\tpanic: again", signal, "", ...frames, "exit status 2")).toEqual([
      `* error ${panic}`,
      "* info exit status 2",
    ]);
  });

  test("is as serious as what it comes after", () => {
    expect(read("where am I", ...frames).filter((line) => !line.startsWith("  info "))).toEqual([
      "* info where am I",
    ]);
  });

  test("is not what only looks like its frames", () => {
    const calls = ["main.main()", "f(...)", "created by hand"];
    for (const before of ["ERROR boom", "panic: boom"]) {
      expect(messages(before, ...calls)).toEqual([
        `* error ${before}`,
        ...calls.map((line) => `* info ${line}`),
      ]);
    }
    expect(messages("panic: boom", ...frames, "done (3)", "main.main()").slice(1)).toEqual([
      "* info done (3)",
      "* info main.main()",
    ]);
  });
});

describe("the hints of rustc", () => {
  const hints = ["help: import it", "1 + use x::ERROR;", "2 - y", "3 ~ z", "...  |", "note: INFO"];

  test("belong to what it reports", () => {
    const report = "error[E0433]: cannot find type `HashMap` in this scope";
    const code = [" --> b.rs:1:21", "  |", "1 | fn main() {"];
    expect(messages(report, ...code, ...hints, "", "error: aborting", "on")).toEqual([
      `* error ${report}`,
      "* error error: aborting",
      "* info on",
    ]);
    expect(read("warning: unused", "note: on by default")[1]).toBe("  warn note: on by default");
  });

  test("belong to nothing else", () => {
    for (const before of ["ERROR boom", "plain", "2026-03-16 12:00:00 error: boom"]) {
      const [, ...found] = read(before, "note: this", "1 - one", "help: that");
      expect(found).toEqual(["* info note: this", "* info 1 - one", "* info help: that"]);
    }
  });
});

describe("a trace of Python", () => {
  const trace = (exception: string) => [
    "Traceback (most recent call last):",
    '  File "a.py", line 1, in <module>',
    "    f()",
    exception,
  ];
  const during = ["", "During handling of the above exception, another exception occurred:", ""];
  const chain = [...trace("KeyError: 'x'"), ...during, ...trace("app.Stopped: no")];

  test("is its exception, and so is each of a chain", () => {
    expect(messages(...chain, ...trace("ValueError"), "on")).toEqual([
      "* error KeyError: 'x'",
      "* error app.Stopped: no",
      "* error ValueError",
      "* info on",
    ]);
  });

  test("that was logged belongs to the error directly before it, with all of its chain", () => {
    for (const logged of ["ERROR:root:failed", '{"level":"error","msg":"failed"}']) {
      expect(messages(logged, ...chain, "on")).toEqual([`* error ${logged}`, "* info on"]);
      expect(messages(logged, ...chain, logged, ...chain)).toHaveLength(2);
    }
  });

  test("belongs to nothing else", () => {
    const uncaught = trace("KeyError: 'x'");
    for (const before of ["plain", "WARNING:root:hm", "Error: boom"]) {
      expect(read(before, ...uncaught)).toContain("* error KeyError: 'x'");
    }
    expect(messages("ERROR:root:failed", "  more", ...uncaught)).toHaveLength(2);
    expect(messages("ERROR:root:failed", ...uncaught, ...uncaught)).toHaveLength(2);
    expect(messages("ERROR:root:failed", ...uncaught, "", ...uncaught)).toHaveLength(2);
  });

  test("that another message comes into does not take that with it", () => {
    const [heading = "", frame = ""] = trace("");
    expect(read("ERROR:root:failed", heading, frame, "INFO:root:on").at(-1)).toBe(
      "* info INFO:root:on",
    );
  });
});
