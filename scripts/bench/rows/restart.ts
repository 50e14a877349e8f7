// From a saved file to the first instruction of the new child. The file is saved as editors do:
// written beside and renamed over. The child is a shell whose first act is a byte into a pipe.

import { constants, mkdirSync, openSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Result, Row } from "../bench.ts";
import { Korun } from "../korun.ts";
import { measurePeers } from "../peers/measure.ts";
import { Place } from "../place.ts";
import { inTurn, median } from "../statistics.ts";
import { within } from "../wait.ts";

const ROUNDS = 60;
const PEER_ROUNDS = 10;
/** Longest wait for a child, in ms. */
const PATIENCE_MS = 10_000;

export const restart: Row = {
  name: "restart",
  async measure(bench) {
    await using korun = await Korun.start(bench);
    await using project = new Project(korun.place);
    const started = project.started();
    await korun.serve({
      command: project.command,
      cwd: project.folder,
      watch: [project.watched],
      debounce: 0,
    });
    await started;
    const { ours, theirs } = await inTurn(bench.quick ? 10 : ROUNDS, {
      ours: () => project.timeSave(50),
      theirs: () => timeDirectStart(),
    });
    const result: Result = {
      what: "saved file → first instruction of the new child",
      unit: "ms",
      ours: median(ours),
      against: { what: "starting the child, nothing else", figure: median(theirs) },
      limit: { kind: "under", value: 15 },
      peers: await measurePeers(bench, {
        ability: "reload",
        async measure(peer) {
          await using place = new Place();
          await using watched = new Project(place);
          const started = watched.started();
          await peer.reload(place, watched);
          await started;
          const times: number[] = [];
          for (let round = 0; round < PEER_ROUNDS; round += 1)
            times.push(await watched.timeSave(400));
          return median(times);
        },
      }),
    };
    return [result];
  },
};

async function timeDirectStart(): Promise<number> {
  await using place = new Place();
  await using project = new Project(place);
  await Bun.sleep(20);
  const started = project.started();
  const start = performance.now();
  place.start(project.command);
  await started;
  return performance.now() - start;
}

/** A folder that is watched and a command that tells when it starts. */
class Project implements AsyncDisposable {
  readonly folder: string;
  /** The watched folder, below `folder`. */
  readonly watched = "src";
  readonly file: string;
  readonly command: [string, ...string[]];
  /** Until it is closed, the pipe that nobody writes to any more keeps the benchmark waiting. */
  readonly #close: () => Promise<void>;
  #saves = 0;
  #onStart: (() => void) | undefined;

  constructor(place: Place) {
    this.folder = place.path("project");
    this.file = join(this.folder, this.watched, "main.txt");
    mkdirSync(join(this.folder, this.watched), { recursive: true });
    this.#save();
    const pipe = place.path("started");
    Bun.spawnSync(["mkfifo", pipe]);
    this.command = ["sh", "-c", 'echo >"$0"; exec sleep 1000', pipe];
    const end = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    const starts = Bun.file(end).stream().getReader();
    this.#close = () => starts.cancel();
    const listen = async () => {
      while (!(await starts.read()).done) this.#onStart?.();
    };
    void listen();
  }

  /** Waits for the next start of the command. */
  async started(): Promise<void> {
    const started = Promise.withResolvers<void>();
    this.#onStart = started.resolve;
    await within(PATIENCE_MS, "a child to start", started.promise);
  }

  /** Saves after a pause, in ms, and gives how many ms it took until the new child started. */
  async timeSave(pause: number): Promise<number> {
    await Bun.sleep(pause + Math.random() * 20);
    const started = this.started();
    const start = performance.now();
    this.#save();
    await started;
    return performance.now() - start;
  }

  #save(): void {
    this.#saves += 1;
    const beside = join(this.folder, "unsaved");
    writeFileSync(beside, `save ${this.#saves}\n`);
    renameSync(beside, this.file);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}
