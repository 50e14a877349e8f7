// Files as memory: mapped once for all threads, by address, and backed by storage before use.

import { FFIType, type Pointer, toArrayBuffer } from "bun:ffi";
import { fstatSync, ftruncateSync } from "node:fs";
import { openLibc } from "./libc.ts";

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FAILED = -1;

let symbols: ReturnType<typeof open> | undefined;

function open() {
  return openLibc({
    mmap: { args: ["ptr", "u64", "i32", "i32", "i32", "i64"], returns: FFIType.i64_fast },
    munmap: { args: ["ptr", "u64"], returns: "i32" },
  });
}

function libc() {
  symbols ??= open();
  return symbols;
}

/** A file's memory: an address that any thread of this process can view. */
export interface Mapping {
  readonly address: number;
  readonly bytes: number;
}

/** Maps `bytes` of an open file. What is touched must lie inside the file. Throws. */
export function mapShared(fd: number, bytes: number): Mapping {
  const address = Number(libc().mmap(null, bytes, PROT_READ_WRITE, MAP_SHARED, fd, 0));
  if (address === MAP_FAILED) throw new Error(`cannot map ${bytes} bytes of a ring's file`);
  return { address, bytes };
}

/**
 * A view of a mapping, or of its first `bytes`, valid on this thread until the mapping is undone.
 * Much of it at once sets off the garbage collector.
 */
export function viewOf(mapping: Mapping, bytes = mapping.bytes): ArrayBuffer {
  return toArrayBuffer(mapping.address as Pointer, 0, bytes);
}

/** Undoes a mapping. No view of it may be used afterwards, on any thread. */
export function unmap(mapping: Mapping): void {
  libc().munmap(mapping.address as Pointer, mapping.bytes);
}

let fallocate: ((fd: number, offset: number, length: number) => number) | undefined;

/** A part of a file. */
export interface FileRange {
  readonly offset: number;
  readonly length: number;
}

/** Backs a part of a file with storage, growing it; false when there is none. */
export function allocate(fd: number, range: FileRange): boolean {
  return refusedAllocation(fd, range) === 0;
}

/** Of a file that would be larger than the process may make one. */
export const EFBIG = 27;

/**
 * The same, with the system's number for why there is no storage; 0 when there is. Touching memory
 * of a file that nothing backs would be SIGBUS, and death. Where the system cannot promise storage
 * (macOS), the file only grows.
 */
export function refusedAllocation(fd: number, range: FileRange): number {
  if (process.platform !== "linux") {
    if (fstatSync(fd).size < range.offset + range.length) {
      ftruncateSync(fd, range.offset + range.length);
    }
    return 0;
  }
  fallocate ??= openLibc({
    posix_fallocate: { args: ["i32", "i64", "i64"], returns: "i32" },
  }).posix_fallocate;
  return fallocate(fd, range.offset, range.length);
}
