// Open descriptors handed from one process to another over a pair of sockets (SCM_RIGHTS). What has
// no path can only be had so, and it asks for no right to trace the other process, which sandboxes
// take away. Nothing here waits. Linux only.

import { FFIType, ptr } from "bun:ffi";
import { closeSync } from "node:fs";
import { openLibc } from "./libc.ts";

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x4000_0000;

/** `struct msghdr` and `struct cmsghdr` on machines of 64 bits, as indexes of 64-bit words. */
const MESSAGE = { words: 7, parts: 2, partCount: 3, control: 4, controlBytes: 5 } as const;
/** Its length in a word, level and type in the next, then the descriptor. */
const CONTROL = { words: 3, bytes: 20, roomBytes: 24 } as const;

const SYMBOLS = {
  sendmsg: { args: ["i32", "ptr", "i32"], returns: FFIType.i64_fast },
  recvmsg: { args: ["i32", "ptr", "i32"], returns: FFIType.i64_fast },
} as const;

let libc: ReturnType<typeof openLibc<typeof SYMBOLS>> | undefined;

/** A descriptor that was handed over, and the number that its sender gave it. */
export interface Handed {
  readonly tag: number;
  /** Close-on-exec; the receiver's to close. */
  readonly fd: number;
}

/** Hands over a copy of `fd`, at once; false when the other end is gone, or reads nothing. */
export function sendDescriptor(socket: number, { tag, fd }: Handed): boolean {
  const message = new Message();
  message.tag[0] = tag;
  message.rights[0] = BigInt(CONTROL.bytes);
  message.rights[1] = (BigInt(SCM_RIGHTS) << 32n) | BigInt(SOL_SOCKET);
  message.rights[2] = BigInt(fd);
  libc ??= openLibc(SYMBOLS);
  const sent = libc.sendmsg(socket, ptr(message.header), MSG_DONTWAIT | MSG_NOSIGNAL);
  return Number(sent) === message.tag.byteLength;
}

/** The next descriptor that has been handed over; undefined when there is none now. */
export function receiveDescriptor(socket: number): Handed | undefined {
  const message = new Message();
  libc ??= openLibc(SYMBOLS);
  const flags = MSG_DONTWAIT | MSG_CMSG_CLOEXEC;
  const received = Number(libc.recvmsg(socket, ptr(message.header), flags));
  if (received <= 0 || message.header[MESSAGE.controlBytes] === 0n) return undefined;
  const fd = Number((message.rights[2] ?? 0n) & 0xffff_ffffn);
  if (received === message.tag.byteLength) return { tag: message.tag[0] ?? 0, fd };
  closeSync(fd);
  return undefined;
}

/** A tag and room for one descriptor, laid out for the kernel. */
class Message {
  readonly tag = new Uint32Array(1);
  readonly rights = new BigUint64Array(CONTROL.words);
  readonly header = new BigUint64Array(MESSAGE.words);
  readonly #part = BigUint64Array.of(BigInt(ptr(this.tag)), BigInt(this.tag.byteLength));

  constructor() {
    this.header[MESSAGE.parts] = BigInt(ptr(this.#part));
    this.header[MESSAGE.partCount] = 1n;
    this.header[MESSAGE.control] = BigInt(ptr(this.rights));
    this.header[MESSAGE.controlBytes] = BigInt(CONTROL.roomBytes);
  }
}
