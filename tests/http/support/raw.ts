// A client that says exactly what it is told, byte for byte, as no HTTP library would.

import { connect, type Socket } from "node:net";

export type Target = { readonly port: number } | { readonly path: string };

export interface RawConnection {
  readonly socket: Socket;
  /** All that has come so far, as Latin-1. */
  received(): string;
  /** Resolves when the server closed the connection. */
  readonly closed: Promise<void>;
}

export async function openRaw(target: Target): Promise<RawConnection> {
  const socket = connect("path" in target ? target : { ...target, host: "127.0.0.1" });
  let received = "";
  const closed = Promise.withResolvers<void>();
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
  });
  // A reset is an end like any other here.
  socket.on("error", () => undefined);
  socket.on("close", () => closed.resolve());
  await new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  return { socket, received: () => received, closed: closed.promise };
}

/**
 * Sends bytes and resolves with the first whole answer, or with what there was when the server
 * closed the connection.
 */
export async function exchangeRaw(target: Target, request: string | Uint8Array): Promise<string> {
  const connection = await openRaw(target);
  const answered = Promise.withResolvers<void>();
  const isHead = Buffer.from(request).toString("latin1", 0, 5) === "HEAD ";
  connection.socket.on("data", () => {
    if (isWhole(connection.received(), isHead)) answered.resolve();
  });
  connection.socket.write(typeof request === "string" ? Buffer.from(request, "latin1") : request);
  await Promise.race([answered.promise, connection.closed]);
  connection.socket.destroy();
  return connection.received();
}

/** The status of a raw answer; undefined when the server said nothing. */
export function statusOf(answer: string): number | undefined {
  const last = answer.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, "");
  const match = /^HTTP\/1\.1 (\d{3})/.exec(last);
  return match === null ? undefined : Number(match[1]);
}

/** The body of the first whole answer. */
export function bodyOf(answer: string): string {
  const last = answer.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, "");
  const start = last.indexOf("\r\n\r\n") + 4;
  const length = /content-length: (\d+)/i.exec(last.slice(0, start));
  return last.slice(start, length === null ? undefined : start + Number(length[1]));
}

function isWhole(answer: string, isHead: boolean): boolean {
  const last = answer.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, "");
  const end = last.indexOf("\r\n\r\n");
  if (end < 0 || isHead) return end >= 0;
  const length = /content-length: (\d+)/i.exec(last.slice(0, end));
  return last.length - end - 4 >= Number(length?.[1] ?? 0);
}
