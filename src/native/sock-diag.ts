// Asking the kernel about TCP sockets over netlink (sock_diag(7)). It answers within the sending of
// the question, or while its answers are read, so nothing here ever waits.

import { openLibc } from "./libc.ts";

export const AF_INET = 2;
export const AF_INET6 = 10;
export const TCP_LISTEN = 10;

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NETLINK_SOCK_DIAG = 4;
const SOCK_DIAG_BY_FAMILY = 20;
const NLMSG_DONE = 3;
const NLM_F_REQUEST = 1;
const NLM_F_DUMP = 0x300;
const MSG_DONTWAIT = 0x40;
const IPPROTO_TCP = 6;

/** Layout of `nlmsghdr` + `inet_diag_req_v2`. */
export const REQUEST = { family: 16, states: 20, id: 24 } as const;
const HEADER = { length: 0, type: 4, flags: 6, seq: 8, bytes: 16 } as const;
const REQUEST_BYTES = 72;
const REQUEST_PROTOCOL = 17;
const REQUEST_COOKIE = 64;

/** Layout of `nlmsghdr` + `inet_diag_msg`. */
export const REPLY = { family: 16, state: 17, id: 20, uid: 80, inode: 84, bytes: 88 } as const;

/** Within either's `inet_diag_sockid`. */
export const ID = { sourcePort: 0, targetPort: 2, source: 4, target: 20 } as const;

/** The kernel answers in pieces of at most this. */
const ANSWER_BYTES = 32_768;

const SYMBOLS = {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
} as const;

let libc: ReturnType<typeof openLibc<typeof SYMBOLS>> | undefined;

/** One conversation. Fill in the question, ask, and look at the answer. */
export class SockDiag {
  /** Any socket of any state of IPv4, until filled in. */
  readonly question: DataView<ArrayBuffer>;
  readonly answer: DataView<ArrayBuffer>;
  readonly #fd: number;
  readonly #request: Uint8Array<ArrayBuffer>;
  readonly #reply: Uint8Array<ArrayBuffer>;
  #sequence = 0;

  /** Undefined where the platform or a sandbox has no such netlink. */
  static open(): SockDiag | undefined {
    if (process.platform !== "linux") return undefined;
    libc ??= openLibc(SYMBOLS);
    const fd = libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG);
    return fd < 0 ? undefined : new SockDiag(fd);
  }

  private constructor(fd: number) {
    this.#fd = fd;
    this.#request = new Uint8Array(REQUEST_BYTES);
    this.#reply = new Uint8Array(ANSWER_BYTES);
    this.question = new DataView(this.#request.buffer);
    this.answer = new DataView(this.#reply.buffer);
    this.question.setUint32(HEADER.length, REQUEST_BYTES, true);
    this.question.setUint16(HEADER.type, SOCK_DIAG_BY_FAMILY, true);
    this.question.setUint8(REQUEST.family, AF_INET);
    this.question.setUint8(REQUEST_PROTOCOL, IPPROTO_TCP);
    this.question.setUint32(REQUEST.states, 0xffffffff, true);
    this.question.setBigUint64(REQUEST_COOKIE, 0xffffffffffffffffn, true);
  }

  /** Asks for one socket. Leaves it in `answer`; false when the kernel knows no such socket. */
  ask(): boolean {
    if (!this.#send(NLM_F_REQUEST)) return false;
    // An older answer in the queue is not ours: skip it.
    for (;;) {
      if (this.#receive() < HEADER.bytes + 4) return false;
      if (this.answer.getUint32(HEADER.seq, true) !== this.#sequence) continue;
      return this.answer.getUint16(HEADER.type, true) === SOCK_DIAG_BY_FAMILY;
    }
  }

  /** Asks for all sockets that fit. `visit` gets where in `answer` each begins; false: refused. */
  dump(visit: (at: number) => void): boolean {
    if (!this.#send(NLM_F_REQUEST | NLM_F_DUMP)) return false;
    for (;;) {
      const length = this.#receive();
      if (length < HEADER.bytes) return false;
      for (let at = 0; at + HEADER.bytes <= length; ) {
        const type = this.answer.getUint16(at + HEADER.type, true);
        if (this.answer.getUint32(at + HEADER.seq, true) === this.#sequence) {
          if (type === NLMSG_DONE) return true;
          if (type !== SOCK_DIAG_BY_FAMILY) return false;
          visit(at);
        }
        at += align(Math.max(HEADER.bytes, this.answer.getUint32(at + HEADER.length, true)));
      }
    }
  }

  close(): void {
    libc?.close(this.#fd);
  }

  #send(flags: number): boolean {
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.question.setUint16(HEADER.flags, flags, true);
    this.question.setUint32(HEADER.seq, this.#sequence, true);
    return libc?.send(this.#fd, this.#request, REQUEST_BYTES, 0) === REQUEST_BYTES;
  }

  #receive(): number {
    return libc?.recv(this.#fd, this.#reply, ANSWER_BYTES, MSG_DONTWAIT) ?? -1;
  }
}

/** Messages begin at multiples of four. */
function align(bytes: number): number {
  return (bytes + 3) & ~3;
}
