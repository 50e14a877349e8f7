// Whether somebody accepts a connection.

import { messageOf, systemCode } from "../domain/problem.ts";

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Why there is no connection to be had; undefined when there is. It is closed at once. */
export async function whyUnreachable(
  { address, port }: Endpoint,
  signal: AbortSignal,
): Promise<string | undefined> {
  const answer = Promise.withResolvers<string | undefined>();
  const late = () => answer.resolve("does not accept connections");
  signal.addEventListener("abort", late, { once: true });
  if (signal.aborted) late();
  Bun.connect({
    hostname: address,
    port,
    socket: {
      open(socket) {
        answer.resolve(undefined);
        socket.end();
      },
      data() {},
      error(_, failure) {
        answer.resolve(connectFailure(failure));
      },
    },
  }).catch((failure) => answer.resolve(connectFailure(failure)));
  try {
    return await answer.promise;
  } finally {
    signal.removeEventListener("abort", late);
  }
}

/** A failure to connect, in words. */
export function connectFailure(thrown: unknown): string {
  switch (systemCode(thrown)) {
    case "ECONNREFUSED":
      return "refuses connections";
    case "ECONNRESET":
    case "EPIPE":
      return "closed the connection";
    default:
      return messageOf(thrown);
  }
}
