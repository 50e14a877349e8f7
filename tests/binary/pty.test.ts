// Sessions in a terminal of their own, on the real thing: the deaths of daemon and keeper included.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Korun } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import { killBoth, killDaemon, killKeeper } from "./support/deaths.ts";

const PTY = ["--pty"] as const;

/** Says each word that is typed, and nothing else. */
const ECHO = 'stty -echo; echo on; while read word; do echo "<$word>"; done; echo over';

/** Outlives the loss of its terminal. */
const STAYS = "trap 'sleep 600' HUP; echo on; while :; do sleep 0.05; done";

const onLinux = describe.if(process.platform === "linux");

function shows(korun: Korun, id: string, line: string): Promise<boolean> {
  return waitFor(`${id} to show ${line}`, async () => (await korun.lines(id)).includes(line));
}

/** Types a line, and waits for its answer. */
async function expectAnswer(korun: Korun, id: string, word: string): Promise<void> {
  await korun.ok(["send", id, word, "--enter"]);
  await shows(korun, id, `<${word}>`);
}

async function ended(korun: Korun, id: string): Promise<number | null> {
  return (await korun.until(id, ({ state }) => state === "exited")).exit_code;
}

onLinux("A session in a terminal", () => {
  test("has it on all three descriptors, as its own, of the size asked for", async () => {
    await using korun = new Korun();
    const { id } = await korun.json<{ id: string }>("/v1/sessions?wait=1", {
      method: "POST",
      body: JSON.stringify({
        command: [
          "sh",
          "-c",
          "for n in 0 1 2; do [ -t $n ] || exit 9; done; tty; stty size; ps -o tty= -p $$; : </dev/tty && echo own",
        ],
        pty: { cols: 132, rows: 43 },
      }),
    });
    expect(await ended(korun, id)).toBe(0);
    const [tty = "", size, own = "", opened] = await korun.lines(id, "stdout");
    expect(tty).toMatch(/^\/dev\/pts\/\d+$/);
    expect({ size, own: `/dev/${own.trim()}`, opened }).toEqual({
      size: "43 132",
      own: tty,
      opened: "own",
    });
    expect(await korun.lines(id, "stderr")).toEqual([]);
    expect((await korun.session(id)).terminal).toEqual({
      cols: 132,
      rows: 43,
      state: "closed",
      interrupted_at: null,
    });
  });

  test("leaves nothing of the shell's or of korun's behind in what it sees", async () => {
    await using korun = new Korun({ COLUMNS: "7", LINES: "3" });
    // A pipeline would show now and then what the shell itself holds open for it.
    const open = "(cd /proc/$$/fd && echo *)";
    const script = `echo "$0 $# $PWD"; ${open}; tr "\\0" "\\n" </proc/$$/environ`;
    const see = async (flags: readonly string[]) => {
      const id = await korun.serve(script, flags);
      expect(await ended(korun, id)).toBe(0);
      return (await korun.lines(id)).filter((line) => !line.startsWith("KORUN_SESSION_ID="));
    };
    const plain = (await see([])).filter((line) => !/^(COLUMNS|LINES|TERM)=/.test(line));
    const inTerminal = (await see(PTY)).filter((line) => !line.startsWith("TERM="));
    expect(inTerminal.sort()).toEqual(plain.sort());
  });

  test.each([
    [{ TERM: undefined }, [], "xterm-256color"],
    [{ TERM: "vt100" }, [], "vt100"],
    [{ TERM: "vt100" }, ["-e", "TERM=ansi"], "ansi"],
  ])("knows what kind it is: of %j with %j, %s", async (env, flags, term) => {
    await using korun = new Korun();
    const id = await korun.serve("echo $TERM", [...PTY, ...flags], { env });
    await shows(korun, id, term);
  });

  test("has all that was shown in the log when it has ended, line by line", async () => {
    await using korun = new Korun();
    const id = await korun.serve(
      "seq 3000; printf '\\033[31mred\\033[0m\\n'; printf 'last words'",
      PTY,
    );
    expect(await ended(korun, id)).toBe(0);
    const numbers = Array.from({ length: 3_000 }, (_, place) => String(place + 1));
    expect(await korun.lines(id)).toEqual([...numbers, "\x1b[31mred\x1b[0m", "last words"]);
  });

  test("has its foreground job interrupted by Ctrl-C, as at a keyboard", async () => {
    await using korun = new Korun();
    const id = await korun.ok(["serve", "--pty", "-e", "PS1=> ", "--", "sh", "-i"]);
    const type = (text: string) => korun.run(["send", id], { input: text });
    await type("stty -echo\r");
    await type("sleep 600\r");
    await waitFor("sleep to begin", () => foreground(korun, id, "sleep"));
    await type("\x03");
    await type('echo "interrupted $?"\r');
    await waitFor("it to be told", async () => {
      return (await korun.lines(id)).some((line) => line.endsWith("interrupted 130"));
    });
  });

  test("gives an interactive shell the control of its jobs", async () => {
    await using korun = new Korun();
    const id = await korun.ok(["serve", "--pty", "-e", "PS1=", "--", "sh", "-i"]);
    const type = (text: string) => korun.run(["send", id], { input: text });
    await type("stty -echo\r");
    await type("sleep 600\r");
    await waitFor("sleep to begin", () => foreground(korun, id, "sleep"));
    await type("\x1a");
    await type("jobs; echo listed\r");
    await shows(korun, id, "listed");
    const lines = (await korun.lines(id)).join("\n");
    expect(lines).toMatch(/\[1\].*(Stopped|Suspended).*sleep 600/);
    expect(lines).not.toContain("job control turned off");
    await type("fg\r");
    await waitFor("sleep to go on", () => foreground(korun, id, "sleep"));
    await type("\x03");
    await type("exit 7\r");
    expect(await ended(korun, id)).toBe(7);
  });

  test("has another size when it is asked for, and its program is told", async () => {
    await using korun = new Korun();
    const id = await korun.serve(
      "trap 'stty size' WINCH; echo on; while :; do sleep 0.05; done",
      PTY,
    );
    await shows(korun, id, "on");
    const answer = await korun.fetch(`/v1/sessions/${id}/resize`, {
      method: "POST",
      body: JSON.stringify({ cols: 50, rows: 9 }),
    });
    expect(await answer.json()).toEqual({ ok: true, id, cols: 50, rows: 9 });
    await shows(korun, id, "9 50");
    await killDaemon(korun);
    expect((await korun.session(id)).terminal).toMatchObject({ cols: 50, rows: 9, state: "open" });
  });

  test("is stopped with all its processes, though they ignore the hang-up", async () => {
    await using korun = new Korun();
    const script = "trap '' HUP; sleep 600 & nohup sleep 601 & setsid sleep 602 & echo on; wait";
    const id = await korun.serve(script, [...PTY, "--grace", "100ms"]);
    await shows(korun, id, "on");
    const stopped = JSON.parse(await korun.ok(["stop", "--json", id]));
    expect(stopped.state).toBe("exited");
    // Korun's own end of each test looks for processes that are left.
  });

  test("that cannot be started says why, as any other", async () => {
    await using korun = new Korun();
    const { code, stderr } = await korun.run(["serve", "--pty", "--", "no-such-program"]);
    expect(code).toBe(127);
    expect(stderr).toContain("ENOENT");
    await Bun.write(join(korun.work, "broken"), "#!/no/such/interpreter\n");
    await Bun.$`chmod +x ${join(korun.work, "broken")}`;
    const broken = await korun.run(["serve", "--pty", "--", "./broken"]);
    expect(broken.code).not.toBe(0);
    expect(broken.stderr).toContain("needs the interpreter /no/such/interpreter");
  });

  test("ends as its program does, by a code or by a signal", async () => {
    await using korun = new Korun();
    const id = await korun.serve("exit 3", PTY);
    expect(await ended(korun, id)).toBe(3);
    const killed = await korun.serve("kill -USR1 $$", PTY);
    expect(await ended(korun, killed)).toBeNull();
    expect((await korun.session(killed)).term_signal).toBe("SIGUSR1");
    await korun.ok(["restart", id]);
    await korun.until(id, ({ run, state }) => run === 2 && state === "exited");
  });
});

onLinux("When the daemon is killed, a terminal", () => {
  test("goes on under the next one, and says that it was interrupted", async () => {
    await using korun = new Korun();
    const id = await korun.serve(ECHO, PTY);
    await expectAnswer(korun, id, "one");
    expect((await korun.session(id)).terminal?.interrupted_at).toBeNull();
    for (const word of ["two", "three"]) {
      await killDaemon(korun);
      await expectAnswer(korun, id, word);
    }
    const { run, state, terminal } = await korun.session(id);
    expect({ run, state }).toEqual({ run: 1, state: "running" });
    expect(terminal?.interrupted_at).toMatch(/Z$/);
    await korun.ok(["send", id, "--eof"]);
    expect(await ended(korun, id)).toBe(0);
    expect(await korun.lines(id)).toEqual(["on", "<one>", "<two>", "<three>", "over"]);
  });

  test("shows afterwards what was shown meanwhile", async () => {
    await using korun = new Korun();
    const id = await korun.serve(
      "echo on; until [ -e go ]; do sleep 0.01; done; seq 500; echo done; sleep 600",
      PTY,
    );
    await shows(korun, id, "on");
    const { pid } = await korun.status();
    process.kill(pid, "SIGSTOP");
    await Bun.write(join(korun.work, "go"), "");
    process.kill(pid, "SIGKILL");
    await shows(korun, id, "done");
    expect(await korun.lines(id)).toHaveLength(502);
  });

  test("and its keeper before, goes on all the same", async () => {
    await using korun = new Korun();
    const id = await korun.serve(ECHO, PTY);
    await expectAnswer(korun, id, "one");
    await killKeeper(korun);
    await expectAnswer(korun, id, "two");
    await killDaemon(korun);
    await expectAnswer(korun, id, "three");
    expect((await korun.session(id)).run).toBe(1);
  });

  test("and its keeper at the same time, is hung up, which the session says", async () => {
    await using korun = new Korun();
    const id = await korun.serve(STAYS, PTY);
    await shows(korun, id, "on");
    await killBoth(korun);
    await korun.ok(["daemon", "start"]);
    expect((await korun.session(id)).terminal?.state).toBe("lost");
    expect((await korun.run(["send", id, "x"])).stderr).toStartWith("korun: Its terminal is lost");
    expect(await korun.ok(["why", id])).toContain("\nIts terminal is lost: ");
    const { code, stderr } = await korun.run(["attach", id]);
    expect(code).toBe(1);
    expect(stderr).toStartWith(`korun: the terminal of ${id.slice(0, 8)} is lost`);
  });

  test("while somebody is attached, ends that too, once it is known to be lost", async () => {
    await using korun = new Korun();
    const id = await korun.serve(STAYS, PTY);
    const watcher = korun.spawn(["attach", id]);
    const { value } = await watcher.stdout.getReader().read();
    expect(new TextDecoder().decode(value)).toStartWith("on");
    await killBoth(korun);
    expect(await watcher.exited).toBe(1);
    expect(await new Response(watcher.stderr).text()).toContain(" is lost: nothing comes from it");
  });

  test("ends while nobody is there: its exit code is known, and its last words", async () => {
    await using korun = new Korun();
    const id = await korun.serve(
      "echo on; until [ -e go ]; do sleep 0.01; done; printf 'last words'; exit 5",
      PTY,
    );
    await shows(korun, id, "on");
    const { pid } = await korun.status();
    const child = (await korun.session(id)).pid ?? 0;
    process.kill(pid, "SIGSTOP");
    await Bun.write(join(korun.work, "go"), "");
    await waitFor("it to end", () => !isRunning(child));
    process.kill(pid, "SIGKILL");
    expect(await ended(korun, id)).toBe(5);
    expect(await korun.lines(id)).toEqual(["on", "last words"]);
  });
});

test("An upgrade leaves terminals and pipes as they are", async () => {
  if (process.platform !== "linux") return;
  await using korun = new Korun();
  const terminal = await korun.serve(ECHO, PTY);
  const pipe = await korun.serve('while read word; do echo "<$word>"; done', ["--stdin", "pipe"]);
  await expectAnswer(korun, terminal, "one");
  await expectAnswer(korun, pipe, "one");
  const { pid } = await korun.status();
  await korun.ok(["daemon", "upgrade"]);
  await waitFor("the next daemon", async () => (await korun.status()).pid !== pid);
  await expectAnswer(korun, terminal, "two");
  await expectAnswer(korun, pipe, "two");
  await killDaemon(korun);
  await expectAnswer(korun, terminal, "three");
  await expectAnswer(korun, pipe, "three");
});

/** Whether a program of this name is the foreground job of a session's terminal. */
async function foreground(korun: Korun, id: string, name: string): Promise<boolean> {
  const { pid } = await korun.session(id);
  const listed = await Bun.$`ps -o stat=,comm= --sid ${pid}`.text();
  return listed.split("\n").some((line) => /^\S*\+/.test(line) && line.endsWith(name));
}

function isRunning(pid: number): boolean {
  const { stdout } = Bun.spawnSync(["ps", "-o", "stat=", "-p", String(pid)]);
  return !/^(Z|$)/.test(stdout.toString());
}
