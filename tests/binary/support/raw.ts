// Requests byte for byte, as no HTTP library would send them.

import { bodyOf, exchangeRaw, statusOf } from "../../http/support/raw.ts";

export interface RawAnswer {
  /** Undefined when the connection was closed without one. */
  readonly status: number | undefined;
  readonly head: string;
  readonly body: string;
}

/** Sends bytes to the daemon's port and gives the first whole answer. */
export async function exchange(port: number, bytes: string): Promise<RawAnswer> {
  const answer = await exchangeRaw({ port }, bytes);
  const head = answer.slice(0, answer.indexOf("\r\n\r\n") + 2);
  return { status: statusOf(answer), head, body: bodyOf(answer) };
}

/** A request line, `Host`, more header lines, and a body with its length. */
export function requestOf(
  port: number,
  request: {
    readonly method?: string;
    readonly path?: string;
    readonly host?: string;
    readonly headers?: readonly string[];
    readonly body?: string;
  },
): string {
  const { method = "GET", path = "/v1/sessions", headers = [], body = "" } = request;
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${request.host ?? `127.0.0.1:${port}`}`,
    ...headers,
    ...(body === "" ? [] : [`Content-Length: ${body.length}`]),
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}
