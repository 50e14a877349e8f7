import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  closeSync,
  constants,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeFifo } from "../../src/native/pipe.ts";
import { waitFor } from "../support/wait.ts";
import { gone, kill, Stage } from "./stage.ts";

let stage: Stage;

beforeEach(async () => {
  stage = new Stage();
  await stage.launch();
  await stage.next();
});

afterEach(() => stage[Symbol.asyncDispose]());

test("What a pipe holds outlives the daemon and the child that wrote it", async () => {
  const [held, lost] = [makePipe("held"), makePipe("lost")];
  expect(await stage.hold({ session: "a", run: 1, fifos: [held] })).toEqual({
    ended: null,
    wasHeld: false,
    problem: null,
  });
  const writers = [
    await stage.spawn("echo last words", held),
    await stage.spawn("echo last words", lost),
  ];
  await Promise.all(writers.map(gone));
  const { pid } = await stage.status();
  kill(pid);
  await stage.next(pid);
  expect(readPipe(held)).toBe("last words\n");
  // So it is the keeper that does it.
  expect(readPipe(lost)).toBe("");
});

test("A held pipe is let go of by run, by session, or by what a recovery retains", async () => {
  const paths = ["a1", "a2", "b1", "c1"].map(makePipe);
  const [a1 = "", a2 = "", b1 = "", c1 = ""] = paths;
  await stage.hold({ session: "a", run: 1, fifos: [a1] });
  await stage.hold({ session: "a", run: 2, fifos: [a2] });
  await stage.hold({ session: "b", run: 1, fifos: [b1] });
  await stage.hold({ session: "c", run: 1, fifos: [c1] });
  expect(pipesOfKeeper()).toEqual([a1, a2, b1, c1]);
  await stage.ask("drop", { session: "a", run: 1 });
  await waitFor("one run to be dropped", () => pipesOfKeeper().join() === [a2, b1, c1].join());
  await stage.ask("drop", { session: "b" });
  await waitFor("a session to be dropped", () => pipesOfKeeper().join() === [a2, c1].join());
  await stage.ask("retain", ["c"]);
  await waitFor("the rest to be dropped", () => pipesOfKeeper().join() === c1);
});

test("A pipe that was made anew by the same name is held anew", async () => {
  const path = makePipe("pipe");
  const run = { session: "a", run: 1 };
  await stage.hold({ ...run, fifos: [path] });
  renameSync(path, `${path}.old`);
  makeFifo(path);
  await stage.hold({ ...run, fifos: [path] });
  expect(pipesOfKeeper()).toEqual([path]);
});

test("Asking twice for the same opens it once, and a pipe that is gone stays held", async () => {
  const path = makePipe("pipe");
  await stage.hold({ session: "a", run: 1, fifos: [path] });
  await stage.hold({ session: "a", run: 1, fifos: [path] });
  expect(pipesOfKeeper()).toEqual([path]);
  rmSync(path);
  const held = await stage.hold({ session: "a", run: 1, fifos: [path] });
  expect(held?.problem).toContain("ENOENT");
  expect(pipesOfKeeper()).toEqual([`${path} (deleted)`]);
});

test("What cannot be held is said, and the rest is held", async () => {
  const path = makePipe("pipe");
  const file = join(stage.home, "file");
  writeFileSync(file, "");
  const held = await stage.hold({ session: "a", run: 1, fifos: [file, "/none", path] });
  expect(held?.problem).toContain(`cannot hold ${file}: it is no pipe`);
  expect(held?.problem).toContain("cannot hold /none: ENOENT");
  expect(pipesOfKeeper()).toEqual([path]);
});

test("A process that has another's pid is not taken for it", async () => {
  const child = await stage.spawn("exec sleep 600");
  const stranger = { ...child, startTime: child.startTime - 1 };
  const descriptors = () => readdirSync(`/proc/${stage.keeperPid}/fd`).length;
  const before = descriptors();
  await stage.hold({ session: "a", run: 1, leader: stranger });
  expect(descriptors()).toBe(before);
  await stage.hold({ session: "a", run: 2, leader: child });
  expect(descriptors()).toBe(before + 1);
});

test("Messages of any length arrive whole", async () => {
  const sessions = Array.from({ length: 20_000 }, () => crypto.randomUUID());
  await stage.ask("retain", sessions);
  const path = makePipe("pipe");
  await stage.hold({ session: sessions[0] ?? "", run: 1, fifos: [path] });
  expect(pipesOfKeeper()).toEqual([path]);
});

function makePipe(name: string): string {
  const path = join(stage.home, `${name}.fifo`);
  makeFifo(path);
  return path;
}

function readPipe(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const bytes = Buffer.alloc(65_536);
  const length = readSync(fd, bytes);
  closeSync(fd);
  return bytes.toString("utf8", 0, length);
}

/** What the keeper has open that is a test's pipe, in the order it was opened. */
function pipesOfKeeper(): string[] {
  const folder = `/proc/${stage.keeperPid}/fd`;
  return readdirSync(folder)
    .sort((left, right) => Number(left) - Number(right))
    .flatMap((fd) => {
      try {
        const target = readlinkSync(join(folder, fd));
        return target.includes(".fifo") ? [target] : [];
      } catch {
        return []; // closed while it was looked at
      }
    });
}
