// Beside the link, a pair of sockets over which keeper and daemon hand each other open descriptors.
// What cannot be opened by a path, the master of a terminal, outlives either of them only so. Each
// is sent before the line on the link that names its tag, and so is there when that line is read.

import { closeSync, fstatSync } from "node:fs";
import { receiveDescriptor, sendDescriptor } from "../native/descriptor-passing.ts";

/** The descriptor at which whoever was started finds its end. */
export const HANDS_FD = 5;

/** One end of the pair. */
export class Hands {
  readonly fd: number;
  /** What has come and was not asked for yet, by its tag. */
  readonly #waiting = new Map<number, number>();

  /** Takes over the descriptor, which is closed with it. */
  constructor(fd: number) {
    this.fd = fd;
  }

  /** The end at a descriptor; undefined when whoever started us left none there. */
  static at(fd: number): Hands | undefined {
    try {
      return fstatSync(fd).isSocket() ? new Hands(fd) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Hands over a copy; false when it could not be. */
  give(tag: number, fd: number): boolean {
    return sendDescriptor(this.fd, { tag, fd });
  }

  /** What was handed over with a tag, the caller's to close. */
  take(tag: number): number | undefined {
    for (let handed = this.#next(); handed !== undefined; handed = this.#next()) {
      this.#waiting.set(handed.tag, handed.fd);
    }
    const fd = this.#waiting.get(tag);
    this.#waiting.delete(tag);
    return fd;
  }

  close(): void {
    closeSync(this.fd);
    for (const fd of this.#waiting.values()) closeSync(fd);
    this.#waiting.clear();
  }

  #next() {
    return receiveDescriptor(this.fd);
  }
}
