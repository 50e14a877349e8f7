// Who holds the other end of a loopback connection. Linux answers by the exact pair of endpoints
// over netlink in about 6 µs; where a sandbox has no such netlink, /proc/net/tcp answers in
// milliseconds. Elsewhere (macOS) there is no cheap and exact answer, so there is none at all.

import { readFileSync } from "node:fs";
import { openLibc } from "./libc.ts";

/** One end of a connection: an IPv4 address, plain or mapped into IPv6, and a port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Answers whose a client's socket is. */
export interface SocketOwner {
  /**
   * The uid that holds the socket at `peer` which is connected to us; undefined when there is
   * none any more: its owner is then unknown, and must not be guessed.
   */
  uidOf(peer: Endpoint): number | undefined;
  close(): void;
}

/**
 * For clients of our listener at `local`, which must be listening already: the first question is
 * about the listener itself, and proves that the answers can be trusted. Undefined where the
 * platform cannot say.
 */
export function openSocketOwner(local: Endpoint): SocketOwner | undefined {
  if (process.platform !== "linux") return undefined;
  return openNetlink(local) ?? procSocketOwner(local);
}

/** The same answers from /proc/net/tcp, a thousand times slower. */
export function procSocketOwner(local: Endpoint): SocketOwner {
  return { uidOf: (peer) => uidFromProc(peer, local), close: () => undefined };
}

const AF_INET = 2;
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NETLINK_SOCK_DIAG = 4;
const SOCK_DIAG_BY_FAMILY = 20;
const NLM_F_REQUEST = 1;
const MSG_DONTWAIT = 0x40;
const IPPROTO_TCP = 6;
const TCP_LISTEN = 10;

/** Layout of `nlmsghdr` + `inet_diag_req_v2`, and of `nlmsghdr` + `inet_diag_msg`. */
const REQUEST = { bytes: 72, seq: 8, family: 16, protocol: 17, states: 20, id: 24, cookie: 64 };
const REPLY = { bytes: 88, type: 4, seq: 8, state: 17, id: 20, uid: 80, inode: 84 };
/** Within either's `inet_diag_sockid`. */
const ID = { sourcePort: 0, targetPort: 2, source: 4, target: 20 };

function openNetlink(local: Endpoint): SocketOwner | undefined {
  const libc = openLibc({
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    send: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
    recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
  });
  const fd = libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG);
  if (fd < 0) return undefined;

  const request = diagRequest(local);
  const question = new DataView(request.buffer);
  const reply = new Uint8Array(4096);
  const answer = new DataView(reply.buffer);
  let sequence = 0;

  /** Leaves the answer in `reply`; false when the kernel knows no such socket. */
  function ask(source: Endpoint): boolean {
    sequence = (sequence + 1) >>> 0;
    question.setUint32(REQUEST.seq, sequence, true);
    question.setUint16(REQUEST.id + ID.sourcePort, source.port);
    question.setUint32(REQUEST.id + ID.source, ipv4(source.address));
    if (libc.send(fd, request, request.length, 0) !== request.length) return false;
    // The kernel answers within send. An older answer in the queue is not ours: skip it.
    for (;;) {
      if (libc.recv(fd, reply, reply.length, MSG_DONTWAIT) < 20) return false;
      if (answer.getUint32(REPLY.seq, true) !== sequence) continue;
      return answer.getUint16(REPLY.type, true) === SOCK_DIAG_BY_FAMILY;
    }
  }

  function close(): void {
    libc.close(fd);
  }

  if (!ask(local) || answer.getUint8(REPLY.state) !== TCP_LISTEN) {
    close();
    return undefined;
  }
  question.setUint16(REQUEST.id + ID.targetPort, local.port);
  question.setUint32(REQUEST.id + ID.target, ipv4(local.address));
  return {
    uidOf(peer) {
      if (!ask(peer)) return undefined;
      // For a connection that is gone the kernel offers a listener on that port instead, and for
      // one that was closed an orphan without inode: neither says who sent the request.
      if (answer.getUint8(REPLY.state) === TCP_LISTEN) return undefined;
      if (answer.getUint32(REPLY.inode, true) === 0) return undefined;
      return answer.getUint32(REPLY.uid, true);
    },
    close,
  };
}

function diagRequest(local: Endpoint): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(REQUEST.bytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, REQUEST.bytes, true);
  view.setUint16(4, SOCK_DIAG_BY_FAMILY, true);
  view.setUint16(6, NLM_F_REQUEST, true);
  bytes[REQUEST.family] = AF_INET;
  bytes[REQUEST.protocol] = IPPROTO_TCP;
  view.setUint32(REQUEST.states, 0xffffffff, true);
  view.setUint16(REQUEST.id + ID.sourcePort, local.port);
  view.setBigUint64(REQUEST.cookie, 0xffffffffffffffffn, true);
  return bytes;
}

function uidFromProc(peer: Endpoint, local: Endpoint): number | undefined {
  return (
    uidInTable("/proc/net/tcp", `${procEnd(peer)} ${procEnd(local)} `) ??
    uidInTable("/proc/net/tcp6", `${MAPPED}${procEnd(peer)} ${MAPPED}${procEnd(local)} `)
  );
}

/** `::ffff:0:0` as /proc/net/tcp6 writes it. */
const MAPPED = "0000000000000000FFFF0000";

function uidInTable(path: string, ends: string): number | undefined {
  const table = readTable(path);
  const at = table.indexOf(ends);
  if (at < 0) return undefined;
  // After the two ends: state, queues, timer, retransmits, uid, timeout, inode.
  const [, , , , uid, , inode] = table.slice(at + ends.length).split(/ +/, 7);
  return inode === "0" ? undefined : Number(uid);
}

function readTable(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // No IPv6, or no /proc: nothing is known then.
    return "";
  }
}

/** `127.0.0.1:80` as `0100007F:0050`. */
function procEnd({ address, port }: Endpoint): string {
  const swapped = Buffer.alloc(4);
  swapped.writeUInt32LE(ipv4(address));
  const end = `${swapped.toString("hex")}:${port.toString(16).padStart(4, "0")}`;
  return end.toUpperCase();
}

function ipv4(address: string): number {
  const parts = address.slice(address.lastIndexOf(":") + 1).split(".");
  return parts.reduce((sum, part) => (sum << 8) | Number(part), 0) >>> 0;
}
