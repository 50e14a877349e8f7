// `korun attach` on a real terminal: what is typed there reaches the session, what the session shows
// is shown, and our terminal is as it was when it is over.

import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { environmentOf } from "../support/environ.ts";
import { BINARY, Korun } from "../support/korun.ts";
import { render } from "../support/rendered.ts";
import { waitFor } from "../support/wait.ts";
import { CTRL_C, Terminal } from "./support/terminal.ts";

const DETACH = "\x1d";

/** Full-screen: the alternate screen, the mouse, no cursor; shows its size and the keys it gets. */
const FULL_SCREEN = `stty raw -echo
  printf '\\033[?1049h\\033[?1002h\\033[?1006h\\033[?25l\\033[2J\\033[3;5Hfull screen'
  trap 'printf "\\033[5;5H%s   " "$(stty size)"' WINCH
  while :; do key=$(dd bs=1 count=1 2>/dev/null) || continue; printf '\\033[4;5Hkey %s' "$key"; done`;

async function shell(korun: Korun): Promise<void> {
  await korun.ok(["serve", "--pty", "--name", "sh", "-e", "PS1=prompt> ", "--", "sh", "-i"]);
}

describe("at the terminal of a session", () => {
  test("keys reach it, and what it shows is shown", async () => {
    await using korun = new Korun();
    await shell(korun);
    await using terminal = Terminal.korun(korun, ["attach", "sh"]);
    await terminal.until("prompt> ");
    terminal.type("echo $((6 * 7)) && tty\r");
    await terminal.until("42\r\n/dev/");
    terminal.type("exit 3\r");
    expect(await terminal.exited).toBe(3);
    expect(terminal.shown).toEndWith("korun: sh ended with code 3\r\n");
    expect(terminal.lines[0]).toBe("korun: attached to sh; Ctrl-] detaches");
  });

  test("Ctrl-C is for its program only", async () => {
    await using korun = new Korun();
    await shell(korun);
    await using terminal = Terminal.korun(korun, ["attach", "sh"]);
    await terminal.until("prompt> ");
    terminal.type("echo sleeping; sleep 1000\r");
    await terminal.until("\r\nsleeping");
    terminal.type(CTRL_C);
    await terminal.until("^C\r\nprompt> ");
    terminal.type("echo it was $?\r");
    await terminal.until("\r\nit was 130");
  });

  test("it has the size of ours, also when that changes", async () => {
    await using korun = new Korun();
    await shell(korun);
    await using terminal = Terminal.korun(korun, ["attach", "sh"], { columns: 97 });
    await terminal.until("prompt> ");
    terminal.type("stty size\r");
    await terminal.until("\r\n24 97");
    terminal.resize(101, 31);
    await korun.until("sh", ({ terminal: now }) => now?.cols === 101);
    terminal.type("stty size\r");
    await terminal.until("\r\n31 101");
  });

  test("who types has the say about the size, and both see the same", async () => {
    await using korun = new Korun();
    await shell(korun);
    await using one = Terminal.korun(korun, ["attach", "sh"], { columns: 90 });
    await one.until("prompt> ");
    await using other = Terminal.korun(korun, ["attach", "sh"], { columns: 70 });
    await other.until("prompt> ");
    one.type("stty size\r");
    await one.until("\r\n24 90");
    other.type("stty size\r");
    for (const terminal of [one, other]) await terminal.until("\r\n24 70");
  });

  test("a key leaves it to itself, and it looks the same when one comes back", async () => {
    await using korun = new Korun();
    await korun.serve(FULL_SCREEN, ["--pty", "--name", "full"]);
    await using first = Terminal.korun(korun, ["attach", "full"]);
    await first.until("full screen");
    first.type("x");
    await first.until("key x");
    const before = await render(first.shown);
    first.type(DETACH);
    expect(await first.exited).toBe(0);
    expect(first.shown).toEndWith("korun: detached from full; `korun attach full` comes back\r\n");
    expect(await korun.session("full")).toMatchObject({ state: "running" });
    await using second = Terminal.korun(korun, ["attach", "full"]);
    await second.until("key x");
    expect(await render(second.shown)).toEqual(before);
    expect(before).toMatchObject({ isAlternate: true, mouse: "drag" });
    expect(before.rows.slice(2, 4)).toEqual(["    full screen", "    key x"]);
    second.type("y");
    await second.until("\x1b[4;5Hkey y");
  });

  test("the key may be another one", async () => {
    await using korun = new Korun();
    await shell(korun);
    await using terminal = Terminal.korun(korun, ["attach", "--detach-key", "ctrl-q", "sh"]);
    await terminal.until("Ctrl-Q detaches");
    await terminal.until("prompt> ");
    terminal.type("echo one\x11");
    expect(await terminal.exited).toBe(0);
    await using again = Terminal.korun(korun, ["attach", "sh"]);
    await again.until("prompt> echo one");
  });

  test("an editor works there", async () => {
    await using korun = new Korun();
    const file = join(korun.work, "note.txt");
    await korun.ok(["serve", "--pty", "--name", "vi", "-e", "TERM=xterm", "--", "vi", file]);
    await using terminal = Terminal.korun(korun, ["attach", "vi"]);
    await waitFor("the editor", async () => (await render(terminal.shown)).rows[1] === "~");
    terminal.type("ihello\x1b");
    await waitFor("the text", async () => (await render(terminal.shown)).rows[0] === "hello");
    terminal.type(":wq\r");
    expect(await terminal.exited).toBe(0);
    expect(readFileSync(file, "utf8")).toBe("hello\n");
    expect((await render(terminal.shown)).isAlternate).toBe(false);
  });
});

test("what is shown comes byte for byte, a newline too", async () => {
  await using korun = new Korun();
  await korun.serve("stty -opost; printf 'one\\ntwo\\r\\n'; exec sleep 100", [
    "--pty",
    "--name",
    "raw",
  ]);
  await using terminal = Terminal.korun(korun, ["attach", "raw"]);
  await waitFor("both lines", async () => {
    const { rows } = await render(terminal.shown);
    return rows[0] === "one" && rows[1] === "   two";
  });
});

test("a program whose beginning is gone is made to draw its screen again", async () => {
  await using korun = new Korun();
  const script =
    "seq 1 30000; trap 'echo drawn at $(stty size)' WINCH; while :; do sleep 0.02; done";
  await korun.serve(script, ["--pty", "--name", "long"]);
  await korun.until("long", ({ stdout_lines, stdout_dropped_lines }) => {
    return stdout_lines + stdout_dropped_lines >= 30_000;
  });
  await using terminal = Terminal.korun(korun, ["attach", "long"]);
  await terminal.until("drawn at 24 80");
});

test("stopped and continued, it takes its terminal again", async () => {
  await using korun = new Korun();
  await shell(korun);
  await using terminal = Terminal.korun(korun, ["attach", "sh"]);
  await terminal.until("prompt> ");
  terminal.signal("SIGSTOP");
  terminal.signal("SIGCONT");
  await waitFor(
    "the screen to be drawn again",
    () => terminal.shown.split("\x1b[H\x1b[J").length === 3,
  );
  terminal.type("echo again $((1 + 1))\r");
  await terminal.until("again 2");
});

test("what is typed before the daemon answers reaches the program all the same", async () => {
  await using korun = new Korun();
  mkdirSync(korun.home);
  const keys = "k".repeat(2_000);
  const arrived: string[] = [];
  const daemon = Bun.serve<undefined>({
    unix: join(korun.home, "korun.sock"),
    async fetch(request, server) {
      if (!request.url.includes("/attach"))
        return Response.json({ id: "1", name: "played", pty: true, run: 1 });
      const before = bytesReadBy(terminal.pid);
      terminal.type(keys);
      await waitFor("the keys to be read", () => bytesReadBy(terminal.pid) - before >= keys.length);
      return server.upgrade(request) ? undefined : new Response(null, { status: 500 });
    },
    websocket: {
      message(peer, message) {
        arrived.push(String(message));
        if (arrived.join("").length >= keys.length) peer.close(1001, "the daemon stops");
      },
    },
  });
  await using terminal = Terminal.korun(korun, ["attach", "played"]);
  await terminal.exited;
  expect(arrived.join("")).toBe(keys);
  await daemon.stop(true);
});

function bytesReadBy(pid: number): number {
  return Number(/^rchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]);
}

describe("its end", () => {
  test("by a signal is ours as a shell has it", async () => {
    await using korun = new Korun();
    await shell(korun);
    await using terminal = Terminal.korun(korun, ["attach", "sh"]);
    await terminal.until("prompt> ");
    terminal.type("kill -9 $$\r");
    expect(await terminal.exited).toBe(137);
    expect(terminal.shown).toEndWith("korun: sh was ended by SIGKILL\r\n");
  });

  test("long ago: the last screen, and the code", async () => {
    await using korun = new Korun();
    await korun.serve("printf 'last words'; exit 4", ["--pty", "--name", "gone"]);
    await korun.until("gone", ({ state }) => state === "exited");
    await using terminal = Terminal.korun(korun, ["attach", "gone"]);
    expect(await terminal.exited).toBe(4);
    expect((await render(terminal.shown)).rows[0]).toBe("last words");
  });

  test("before the beginning: a command that could not be started", async () => {
    await using korun = new Korun();
    await korun.run(["serve", "--pty", "--name", "none", "--", "/no/such/command"]);
    const result = await korun.run(["attach", "none"]);
    expect(result.code).toBe(127);
    expect(result.stderr).toContain("korun: none could not start: ENOENT");
  });

  test("need not be the last: a change starts it again, and it is shown", async () => {
    await using korun = new Korun();
    const flag = join(korun.work, "flag");
    await Bun.write(flag, "1");
    await korun.serve("echo run $KORUN_RUN; exit 1", ["--pty", "--name", "job", "-w", flag]);
    await using terminal = Terminal.korun(korun, ["attach", "job"]);
    await terminal.until("korun: job ended with code 1; it may start again\r\n");
    await Bun.write(flag, "2");
    await terminal.until("run 2");
    // With no program there, Ctrl-C is for us.
    await waitFor("the second end", () => terminal.shown.split("it may start").length === 3);
    terminal.type(CTRL_C);
    expect(await terminal.exited).toBe(130);
  });
});

describe("our terminal is as it was", () => {
  /** Runs `korun attach` between two looks at the terminal. */
  function looking(korun: Korun, args: readonly string[]): Terminal {
    const script = `stty -a > before; "$@"; code=$?; stty -a > after; echo "left with $code"`;
    const command = ["sh", "-c", script, "sh", BINARY, "attach", ...args];
    return new Terminal(korun, command);
  }

  async function expectAsBefore(korun: Korun, terminal: Terminal): Promise<void> {
    const [before, after] = ["before", "after"].map((name) => {
      return readFileSync(join(korun.work, name), "utf8");
    });
    expect(after).toBe(before ?? "");
    const rendered = await render(terminal.shown);
    expect(rendered).toMatchObject({ isAlternate: false, mouse: "none" });
    for (const end of ["\x1b[?1002l", "\x1b[?1006l", "\x1b[?25h", "\x1b[?1049l"]) {
      expect(terminal.shown).toContain(end);
    }
  }

  test("after the detach key", async () => {
    await using korun = new Korun();
    await korun.serve(FULL_SCREEN, ["--pty", "--name", "full"]);
    await using terminal = looking(korun, ["full"]);
    await terminal.until("full screen");
    terminal.type(DETACH);
    await terminal.until("left with 0");
    await expectAsBefore(korun, terminal);
  });

  test.each(["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const)("after %s", async (signal) => {
    await using korun = new Korun();
    await korun.serve(FULL_SCREEN, ["--pty", "--name", "full"]);
    await using terminal = looking(korun, ["full"]);
    await terminal.until("full screen");
    process.kill(pidOf(korun), signal);
    const code = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129, SIGQUIT: 131 }[signal];
    await terminal.until(`left with ${code}`);
    await expectAsBefore(korun, terminal);
    expect(await korun.session("full")).toMatchObject({ state: "running" });
  });

  test("though it does not say how large it is, as over a serial line", async () => {
    await using korun = new Korun();
    await korun.serve(FULL_SCREEN, ["--pty", "--name", "full"]);
    const script = 'stty cols 0 rows 0; exec "$@"';
    await using terminal = new Terminal(korun, [
      "sh",
      "-c",
      script,
      "sh",
      BINARY,
      "attach",
      "full",
    ]);
    await terminal.until("full screen");
    terminal.type(DETACH);
    expect(await terminal.exited).toBe(0);
    expect(await render(terminal.shown)).toMatchObject({ isAlternate: false, mouse: "none" });
  });

  test("after the session was killed in the midst of its work", async () => {
    await using korun = new Korun();
    await korun.serve(FULL_SCREEN, ["--pty", "--name", "full"]);
    await using terminal = looking(korun, ["full"]);
    await terminal.until("full screen");
    await korun.ok(["stop", "--force", "full"]);
    await terminal.until("left with 137");
    await expectAsBefore(korun, terminal);
  });

  test("after the daemon was stopped", async () => {
    await using korun = new Korun();
    await korun.serve(FULL_SCREEN, ["--pty", "--name", "full"]);
    await using terminal = looking(korun, ["full"]);
    await terminal.until("full screen");
    await korun.ok(["daemon", "stop"]);
    await terminal.until("left with ");
    await expectAsBefore(korun, terminal);
  });

  /** The only `korun attach` of this home. */
  function pidOf(korun: Korun): number {
    const { stdout } = Bun.spawnSync(["pgrep", "-f", `^${BINARY} attach full$`]);
    const pids = stdout.toString().trim().split("\n").map(Number);
    const ours = pids.filter((pid) => environmentOf(pid).includes(`KORUN_HOME=${korun.home}\0`));
    const [pid] = ours;
    if (pid === undefined) throw new Error("there is no korun attach");
    return pid;
  }
});

describe("when the daemon dies", () => {
  test("the next one goes on, and nobody notices", async () => {
    await using korun = new Korun();
    await shell(korun);
    await using terminal = Terminal.korun(korun, ["attach", "sh"]);
    await terminal.until("prompt> ");
    terminal.type("echo before\r");
    await terminal.until("\r\nbefore");
    const { pid } = await korun.status();
    process.kill(pid, "SIGKILL");
    await waitFor("the next daemon", async () => (await korun.status()).pid !== pid);
    const seen = terminal.shown.length;
    await waitFor("the keys to arrive again", () => {
      terminal.type("echo after $((40 + 2))\r");
      return terminal.shown.slice(seen).includes("after 42");
    });
    // Nothing was drawn again.
    expect(terminal.shown.split("\x1b[H\x1b[J")).toHaveLength(2);
    expect(terminal.shown.split("\r\nbefore")).toHaveLength(2);
  });

  test("what goes on being written comes once, and in order", async () => {
    await using korun = new Korun();
    const counting = "i=0; while :; do i=$((i + 1)); echo tick $i; sleep 0.01; done";
    await korun.serve(counting, ["--pty", "--name", "clock"]);
    await using terminal = Terminal.korun(korun, ["attach", "clock"]);
    await terminal.until("tick 30\r");
    const { pid } = await korun.status();
    process.kill(pid, "SIGKILL");
    await waitFor("the next daemon", async () => (await korun.status()).pid !== pid);
    const last = ticksIn(terminal.shown).at(-1) ?? 0;
    await terminal.until(`tick ${last + 50}\r`);
    const ticks = ticksIn(terminal.shown.slice(terminal.shown.lastIndexOf("\x1b[J")));
    expect(ticks).toEqual([...new Set(ticks)].sort((one, next) => one - next));
  });

  function ticksIn(shown: string): number[] {
    return [...shown.matchAll(/tick (\d+)\r/g)].map(([, tick]) => Number(tick));
  }
});

describe("one who only watches", () => {
  test("needs no terminal: what is shown is printed", async () => {
    await using korun = new Korun();
    await korun.serve("echo hello; sleep 0.2; echo world; exit 5", ["--pty", "--name", "job"]);
    const watched = await korun.run(["attach", "job"], { input: "not for it\n" });
    expect(watched.code).toBe(5);
    expect(watched.stdout).toBe("hello\r\nworld\r\n");
    expect(watched.stderr).toBe("korun: watching job\nkorun: job ended with code 5\n");
  });

  test("keeps keys and size to itself, and leaves with Ctrl-C", async () => {
    await using korun = new Korun();
    await shell(korun);
    await using terminal = Terminal.korun(korun, ["attach", "--no-input", "sh"], { columns: 50 });
    await terminal.until("prompt> ");
    terminal.type("exit\r");
    await waitFor("the echo of our own terminal", () => terminal.shown.includes("exit\r\n"));
    terminal.type(CTRL_C);
    expect(await terminal.exited).toBe(130);
    expect(await korun.session("sh")).toMatchObject({ state: "running", terminal: { cols: 80 } });
  });
});

describe("what cannot be attached to", () => {
  test.each([
    ["a session without a terminal", ["attach", "plain"], 1, "Start it with --pty"],
    ["no such session", ["attach", "nope"], 1, "nope"],
    ["a key that is none", ["attach", "--detach-key", "F1", "plain"], 2, "such as ctrl-q"],
  ])("%s", async (_, args, code, words) => {
    await using korun = new Korun();
    await korun.serve("exec sleep 100", ["--name", "plain"]);
    const result = await korun.run(args);
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(words);
    expect(result.stdout).toBe("");
  });

  test("the terminal that one is in", async () => {
    await using korun = new Korun();
    await shell(korun);
    await using terminal = Terminal.korun(korun, ["attach", "sh"]);
    await terminal.until("prompt> ");
    terminal.type(`${BINARY} attach sh\r`);
    await terminal.until("this is the terminal of sh already");
  });
});
