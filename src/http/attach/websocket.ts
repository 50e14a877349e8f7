// WebSockets: what a route puts behind an upgraded connection, and what it can do with it. Nothing
// is ever queued without a limit: who sends looks first at what has not left yet.

import type { ServerWebSocket, WebSocketHandler } from "bun";
import { MAX_BODY_BYTES } from "../../api/paths.ts";
import { Problem } from "../../domain/problem.ts";
import { failure } from "../reply.ts";

/** Our half of a WebSocket: told of all that happens on it. */
export interface Conversation {
  opened(peer: Peer): void;
  received(message: string | Uint8Array): void;
  /** What was queued has left. */
  drained(): void;
  /** Whoever closed it. Nothing more happens. */
  closed(): void;
}

/** The other half. */
export interface Peer {
  /** Bytes that were sent and have not left yet. */
  readonly queued: number;
  send(message: string | Uint8Array): void;
  /** With a code of RFC 6455 and a reason of 123 bytes at most. */
  close(code: number, reason: string): void;
  /** Nothing is read from it until it is resumed, but for what has come already. */
  pause(): void;
  resume(): void;
}

/** Seconds without an answer, even to a ping, after which a peer is taken for gone. */
const SILENT_SECONDS = 120;

/** What Bun is to do with WebSockets. */
export function websocketHandler(
  onDefect: (thrown: unknown) => void,
): WebSocketHandler<Conversation> {
  return {
    idleTimeout: SILENT_SECONDS,
    maxPayloadLength: MAX_BODY_BYTES,
    perMessageDeflate: false,
    open: (ws) => ws.data.opened(peerOf(ws)),
    message: (ws, message) => ws.data.received(message),
    drain: (ws) => ws.data.drained(),
    close: (ws) => ws.data.closed(),
    error(thrown, ws) {
      onDefect(thrown);
      ws.close(1011, "korun failed at this message");
    },
  };
}

/** A request that asks for no WebSocket where there is nothing else. */
export function noHandshake(): Problem {
  return new Problem("bad_request", "This is a WebSocket, and the request does not ask for one", {
    field: "upgrade",
    expected: "the headers of a WebSocket's opening handshake",
    hint: "Open ws:// at this address, or use `korun attach`.",
  });
}

/** The one version there is. */
const VERSION = "13";
const VERSION_FIELD = "sec-websocket-version";

/** Whether a request asks for a WebSocket, but for none as we know it. */
export function speaksAnotherVersion({ headers }: Request): boolean {
  const isAsked = headers.get("upgrade")?.toLowerCase() === "websocket";
  return isAsked && headers.get(VERSION_FIELD) !== VERSION;
}

/** Says which version is spoken here, as RFC 6455 has it. */
export function otherVersion(): Response {
  const response = failure(
    new Problem("bad_request", `The WebSocket must be of version ${VERSION}`, {
      field: VERSION_FIELD,
      expected: VERSION,
    }),
  );
  response.headers.set(VERSION_FIELD, VERSION);
  return response;
}

function peerOf(ws: ServerWebSocket<Conversation>): Peer {
  return {
    get queued() {
      return ws.getBufferedAmount();
    },
    send: (message) => void ws.send(message as string | Uint8Array<ArrayBuffer>),
    close: (code, reason) => ws.close(code, reason),
    pause: () => ws.pause(),
    resume: () => ws.resume(),
  };
}
