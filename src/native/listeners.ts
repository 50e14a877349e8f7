// Which TCP sockets of this machine listen, whoever holds them. Linux answers over netlink in some
// 20 µs; where a sandbox has no such netlink, /proc/net/tcp does in milliseconds.

import { readFileSync } from "node:fs";
import { AF_INET, AF_INET6, ID, REPLY, REQUEST, SockDiag, TCP_LISTEN } from "./sock-diag.ts";

/** A socket that listens. */
export interface ListeningSocket {
  /** `127.0.0.1`, `0.0.0.0`, `::1`, `::`; IPv4 mapped into IPv6 is written as IPv4. */
  readonly address: string;
  readonly port: number;
  /** Of the user who made it. */
  readonly uid: number;
  /** Names the socket among all that there are. */
  readonly inode: number;
}

/** Those of one port, or of all. Linux only: elsewhere there are none. */
export function listeningSockets(port?: number): readonly ListeningSocket[] {
  if (process.platform !== "linux") return [];
  return netlinkListeners(port) ?? procListeners(port);
}

/** The same from /proc/net/tcp and tcp6. */
export function procListeners(port?: number): readonly ListeningSocket[] {
  return ["/proc/net/tcp", "/proc/net/tcp6"]
    .flatMap((path) => readTable(path).split("\n"))
    .flatMap(parseRow)
    .filter((socket) => port === undefined || socket.port === port);
}

/** Undefined when the kernel does not answer. */
export function netlinkListeners(port = 0): readonly ListeningSocket[] | undefined {
  const diag = SockDiag.open();
  if (diag === undefined) return undefined;
  const { question, answer } = diag;
  const found: ListeningSocket[] = [];
  question.setUint32(REQUEST.states, 1 << TCP_LISTEN, true);
  question.setUint16(REQUEST.id + ID.sourcePort, port);
  const visit = (at: number) => {
    const id = at + REPLY.id;
    const length = answer.getUint8(at + REPLY.family) === AF_INET6 ? 16 : 4;
    found.push({
      address: addressOf(new Uint8Array(answer.buffer, id + ID.source, length)),
      port: answer.getUint16(id + ID.sourcePort),
      uid: answer.getUint32(at + REPLY.uid, true),
      inode: answer.getUint32(at + REPLY.inode, true),
    });
  };
  try {
    for (const family of [AF_INET, AF_INET6]) {
      question.setUint8(REQUEST.family, family);
      if (!diag.dump(visit)) return undefined;
    }
    return found;
  } finally {
    diag.close();
  }
}

const LISTENING = "0A";

/** Slot, local address, remote address, state, queues, timer, retransmits, uid, timeout, inode. */
function parseRow(row: string): ListeningSocket[] {
  const [, local = "", , state, , , , uid, , inode] = row.trim().split(/\s+/);
  if (state !== LISTENING) return [];
  const [address = "", port = ""] = local.split(":");
  return [
    {
      address: addressOf(procBytes(address)),
      port: Number.parseInt(port, 16),
      uid: Number(uid),
      inode: Number(inode),
    },
  ];
}

/** The table writes words of four bytes as numbers, in the order of this machine. */
function procBytes(address: string): Uint8Array {
  const bytes = Buffer.from(address, "hex");
  return bytes.length % 4 === 0 ? bytes.swap32() : bytes;
}

/** The bytes of an address as people write it. */
function addressOf(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const mapped = bytes.subarray(0, 12).every((byte, place) => byte === (place < 10 ? 0 : 0xff));
  if (mapped) return bytes.subarray(12).join(".");
  const groups = Array.from({ length: 8 }, (_, place) => {
    return (((bytes[place * 2] ?? 0) << 8) | (bytes[place * 2 + 1] ?? 0)).toString(16);
  });
  // The shortest form is what every URL has.
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

function readTable(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // no IPv6, or no /proc
  }
}
