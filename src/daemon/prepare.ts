// Makes the folders of a korun, and refuses those that somebody else could reach into: whoever can
// write there could read what children print, or put a socket of their own in our place.

import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  type Stats,
  statSync,
} from "node:fs";
import { basename, dirname } from "node:path";
import { messageOf, Problem, systemCode } from "../domain/problem.ts";
import type { Paths } from "./paths.ts";
import { shellWord } from "./shell-word.ts";

const PRIVATE = 0o700;
const OTHERS_CAN_WRITE = 0o002;
const ANYTHING_FOR_OTHERS = 0o077;

/** Makes all folders, 0700. Throws a Problem, with its remedy, for one that is not safe to use. */
export function preparePaths(paths: Paths): void {
  prepareHome(paths);
  prepareOwnFolder(paths.sessions);
  prepareSocketFolder(paths);
}

/** Makes the folder of the socket alone: a daemon that ended meanwhile has removed it. */
export function prepareSocketFolder({ home, socketFolder }: Paths): void {
  if (socketFolder === home) return;
  // Made by us and for us alone, and so is the folder of all our socket folders.
  prepareOwnFolder(dirname(socketFolder));
  prepareOwnFolder(socketFolder);
}

/**
 * Removes the folder of the socket, if that is not the home and nothing is in it. The folder of all
 * our socket folders stays: other homes use it, and while it is ours, nobody else can have its name.
 */
export function removeSocketFolder({ home, socketFolder }: Paths): void {
  if (socketFolder === home) return;
  try {
    rmdirSync(socketFolder);
  } catch {
    // Something else is in it, or it is gone already.
  }
}

/** What a system error means that came of using a home; anything else is given back as it is. */
export function homeProblem(paths: Paths, thrown: unknown): unknown {
  const code = systemCode(thrown);
  if (thrown instanceof Problem || code === undefined) return thrown;
  const message = `cannot use the home ${paths.home}: ${messageOf(thrown)}`;
  const cause = thrown;
  // It leads through a file, or is too long: no folder can ever be there.
  if (code === "ENOTDIR" || code === "ENAMETOOLONG") {
    return refuse(message, { hint: "Set KORUN_HOME to a folder that you can write.", cause });
  }
  return new Problem("unavailable", message, {
    hint: "Mend that, or set KORUN_HOME to a folder that you can write.",
    cause,
  });
}

function prepareHome(paths: Paths): void {
  const { home } = paths;
  makeFolder(home);
  checkLink(home);
  const stats = statSync(home);
  checkOwner(home, stats);
  if ((stats.mode & ANYTHING_FOR_OTHERS) === 0) return;
  // Closing a folder that is used for other things too would shut others out of those.
  const entries = readdirSync(home);
  if (entries.length > 0 && !entries.includes(basename(paths.lock))) {
    throw refuse(`${home} is open to other users and holds other things than korun's`, {
      hint: `Set KORUN_HOME to a folder for korun alone, or close this one: chmod 700 ${shellWord(home)}`,
    });
  }
  chmodSync(home, PRIVATE);
}

function prepareOwnFolder(path: string): void {
  makeFolder(path);
  const stats = lstatSync(path);
  if (!stats.isDirectory()) {
    throw refuse(`${path} is no folder, but a link or a file`, { hint: `Remove it: ${path}` });
  }
  checkOwner(path, stats);
  if ((stats.mode & ANYTHING_FOR_OTHERS) !== 0) chmodSync(path, PRIVATE);
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: PRIVATE });
  } catch (thrown) {
    throw refuse(`cannot make the folder ${path}: ${messageOf(thrown)}`, {
      hint: "Set KORUN_HOME to a folder that you can write.",
      cause: thrown,
    });
  }
}

/** A link of somebody else's could be turned elsewhere at any time. */
function checkLink(path: string): void {
  const stats = lstatSync(path);
  if (!stats.isSymbolicLink() || stats.uid === ownUid() || stats.uid === 0) return;
  throw refuse(`${path} is a link that belongs to another user (uid ${stats.uid})`, {
    hint: "Set KORUN_HOME to a folder of your own.",
  });
}

function checkOwner(path: string, stats: Stats): void {
  if (stats.uid !== ownUid()) {
    throw refuse(`${path} belongs to another user (uid ${stats.uid}, you are ${ownUid()})`, {
      hint: "Run korun as that user, or set KORUN_HOME to a folder of your own.",
    });
  }
  if ((stats.mode & OTHERS_CAN_WRITE) !== 0) {
    throw refuse(`${path} can be written by every user`, {
      hint: `Look whether all in it is yours, then close it: chmod 700 ${shellWord(path)}`,
    });
  }
}

function ownUid(): number {
  return process.geteuid?.() ?? 0;
}

function refuse(message: string, options: { hint: string; cause?: unknown }): Problem {
  return new Problem("bad_request", message, { field: "KORUN_HOME", ...options });
}
