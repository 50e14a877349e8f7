// Who holds the other end of a loopback connection. Linux answers by the exact pair of endpoints
// over netlink in about 6 µs; where a sandbox has no such netlink, /proc/net/tcp answers in
// milliseconds. Elsewhere (macOS) there is no cheap and exact answer, so there is none at all.

import { readFileSync } from "node:fs";
import { ID, REPLY, REQUEST, SockDiag, TCP_LISTEN } from "./sock-diag.ts";

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

function openNetlink(local: Endpoint): SocketOwner | undefined {
  const diag = SockDiag.open();
  if (diag === undefined) return undefined;
  const { question, answer } = diag;

  /** Leaves the answer in `answer`; false when the kernel knows no such socket. */
  function ask(source: Endpoint): boolean {
    question.setUint16(REQUEST.id + ID.sourcePort, source.port);
    question.setUint32(REQUEST.id + ID.source, ipv4(source.address));
    return diag?.ask() === true;
  }

  if (!ask(local) || answer.getUint8(REPLY.state) !== TCP_LISTEN) {
    diag.close();
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
    close: () => diag.close(),
  };
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
