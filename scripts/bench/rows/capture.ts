// How fast what a child prints gets into the rings. Two children, started by a byte in a pipe so
// that only their printing is timed: `yes | head`, which writes 8 KiB at a time as programs with
// buffered output do, and `cat` of a file in the page cache, 128 KiB at a time, which is as fast as
// a pipe can be filled.

import { closeSync, constants, openSync, writeSync } from "node:fs";
import type { Bench, Result, Row } from "../bench.ts";
import { Korun } from "../korun.ts";
import { measurePeers } from "../peers/measure.ts";
import type { Peer } from "../peers/peer.ts";
import { Place } from "../place.ts";
import { inTurn, median } from "../statistics.ts";
import { waitUntil } from "../wait.ts";

const TEXT = "x".repeat(81);
const LINE_BYTES = TEXT.length + 1;
const LINES_A_FILE = 1_250_000;
const FILE_BYTES = LINES_A_FILE * LINE_BYTES;
/** 2.05 GB. */
const FILES = 20;
const QUICK_FILES = 4;
/** Peers get less: some take a minute for this. */
const PEER_FILES = 2;

export const capture: Row = {
  name: "capture",
  async measure(bench) {
    await using place = new Place();
    const file = place.path("lines");
    await Bun.write(file, `${TEXT}\n`.repeat(LINES_A_FILE));
    const files = bench.quick ? QUICK_FILES : FILES;
    return [
      await compare(bench, { name: "yes | head", volumeOf: headVolume, files }),
      await compare(bench, { name: "cat", volumeOf: (count) => catVolume(file, count), files }),
    ];
  },
};

/** A child and all that it prints. */
interface Volume {
  /** A shell script with its arguments. */
  readonly script: readonly [string, ...string[]];
  readonly bytes: number;
}

function headVolume(files: number): Volume {
  const bytes = files * FILE_BYTES;
  return { script: ['yes "$1" | head -c "$2"', TEXT, String(bytes)], bytes };
}

function catVolume(file: string, files: number): Volume {
  const names = Array.from({ length: files }, () => file);
  return { script: ['exec cat "$@"', ...names], bytes: files * FILE_BYTES };
}

interface Child {
  readonly name: string;
  readonly volumeOf: (files: number) => Volume;
  readonly files: number;
}

async function compare(bench: Bench, { name, volumeOf, files }: Child): Promise<Result> {
  const volume = volumeOf(files);
  const { ours, theirs } = await inTurn(bench.quick ? 1 : 5, {
    ours: () => speedOfKorun(bench, volume),
    theirs: () => speedOfWc(volume),
  });
  return {
    what: `${(volume.bytes / 1e9).toFixed(1)} GB of 82-byte lines of ${name}, captured`,
    unit: "MB/s",
    ours: median(ours),
    against: { what: "into | wc -l", figure: median(theirs) },
    limit: { kind: "atLeast", times: 0.5 },
    peers: await measurePeers(bench, {
      ability: "supervise",
      measure: (peer) => speedOfPeer(peer, volumeOf(bench.quick ? 1 : PEER_FILES)),
    }),
  };
}

async function speedOfKorun(bench: Bench, volume: Volume): Promise<number> {
  await using korun = await Korun.start(bench);
  using gate = new Gate(korun.place);
  const id = await korun.serve({ command: gatedChild(gate, volume) });
  const start = gate.open();
  const session = await waitUntil("korun to capture", async () => {
    const now = await korun.session(id);
    return now.state === "exited" && now;
  });
  const speed = speedBetween(start, { bytes: volume.bytes, time: performance.now() });
  const lines = session.stdout_lines + session.stdout_dropped_lines;
  if (session.stdout_bytes === volume.bytes && lines === volume.bytes / LINE_BYTES) return speed;
  throw new Error(`korun captured ${session.stdout_bytes} bytes in ${lines} lines`);
}

async function speedOfWc(volume: Volume): Promise<number> {
  await using place = new Place();
  using gate = new Gate(place);
  const counted = place.start(["sh", "-c", '"$@" | wc -l', "sh", ...gatedChild(gate, volume)]);
  await Bun.sleep(50);
  const start = gate.open();
  await counted.exited;
  return speedBetween(start, { bytes: volume.bytes, time: performance.now() });
}

async function speedOfPeer(peer: Peer<"supervise">, volume: Volume): Promise<number | string> {
  await using place = new Place();
  using gate = new Gate(place);
  const job = { name: "flood", command: gatedChild(gate, volume) };
  const { captured } = await peer.supervise(place, [job]);
  await Bun.sleep(500);
  const start = gate.open();
  const got = await captured(job, volume.bytes);
  const speed = speedBetween(start, got);
  if (got.bytes >= volume.bytes) return speed;
  const lost = Math.ceil((1 - got.bytes / volume.bytes) * 100);
  return `${speed.toFixed(0)} MB/s, ${lost} % lost`;
}

/** A child that waits at the gate. */
function gatedChild(gate: Gate, { script }: Volume): [string, ...string[]] {
  const [line, ...args] = script;
  return ["sh", "-c", `read -r _ <"$0"; ${line}`, gate.path, ...args];
}

/** In MB/s. */
function speedBetween(start: number, { bytes, time }: { bytes: number; time: number }): number {
  return bytes / 1e6 / ((time - start) / 1e3);
}

/** Holds a child back until it is opened. */
class Gate {
  readonly path: string;
  readonly #fd: number;

  constructor(place: Place) {
    this.path = place.path("gate");
    Bun.spawnSync(["mkfifo", this.path]);
    this.#fd = openSync(this.path, constants.O_RDWR);
  }

  /** Lets the child go and gives the time. */
  open(): number {
    writeSync(this.#fd, "\n");
    return performance.now();
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
