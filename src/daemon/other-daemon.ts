// Whether it is a korun daemon that holds a port, and which. Not asked by `fetch`, which goes to the
// proxies of the environment even for this machine. A daemon answers none but its own user.

import * as v from "valibot";
import { DAEMON } from "../api/paths.ts";
import { within } from "../process/within.ts";

/** Longest wait for an answer, in ms. */
const PATIENCE_MS = 500;

/** More than a daemon has to say, in bytes. */
const MOST_BYTES = 65_536;

/** Of whatever version: what any of them says. */
const Reply = v.object({
  service: v.literal("korun"),
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  home: v.string(),
});

export type OtherDaemon = v.InferOutput<typeof Reply>;

/** The daemon of this user that answers at a port of the loopback; undefined for anyone else. */
export async function askForDaemon(port: number): Promise<OtherDaemon | undefined> {
  const abort = new AbortController();
  const answer = await within(PATIENCE_MS, whatIsSaid(port, abort.signal));
  abort.abort();
  if (typeof answer !== "string") return undefined;
  const body = /^HTTP\/1\.1 200 .*?\r\n\r\n(.*)$/s.exec(answer)?.[1];
  const reply = v.safeParse(Reply, parse(body ?? ""));
  return reply.success ? reply.output : undefined;
}

/** All that is said until the connection is closed. */
async function whatIsSaid(port: number, signal: AbortSignal): Promise<string | undefined> {
  const said: Buffer[] = [];
  const over = Promise.withResolvers<void>();
  const connection = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open(socket) {
        const head = [`GET ${DAEMON} HTTP/1.1`, `Host: 127.0.0.1:${port}`];
        socket.write(`${[...head, "Connection: close"].join("\r\n")}\r\n\r\n`);
      },
      data(socket, bytes) {
        said.push(Buffer.from(bytes));
        if (said.reduce((sum, { length }) => sum + length, 0) > MOST_BYTES) socket.terminate();
      },
      close: () => over.resolve(),
      error: () => over.resolve(),
    },
  }).catch(() => undefined);
  if (connection === undefined) return undefined;
  signal.addEventListener("abort", () => connection.terminate(), { once: true });
  if (signal.aborted) connection.terminate();
  await over.promise;
  return Buffer.concat(said).toString();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
