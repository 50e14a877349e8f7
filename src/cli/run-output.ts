// The output of a foreground session, whole, from its first byte: each stream to our own, byte for
// byte. On one terminal both go through one reader, which keeps them in the order they came in.

import type { Client } from "../client/client.ts";
import { readChunks, readFrames } from "../client/frames.ts";
import { LinePrinter } from "./line-printer.ts";
import { writeAll } from "./print.ts";
import { sharesTerminal } from "./screen.ts";
import { painter } from "./style.ts";

const FROM_THE_FIRST = { follow: true, sinceSeq: 0 } as const;

/** Shows all there is until the session is over. Throws EPIPE or EIO when nobody reads it. */
export async function showOutput(client: Client, id: string): Promise<void> {
  const broken = new AbortController();
  const { signal } = broken;
  const shows = (await sharesTerminal())
    ? [showBlended(client, id, signal)]
    : [
        showStream(client, id, { stream: "stdout", signal }),
        showStream(client, id, { stream: "stderr", signal }),
      ];
  try {
    await Promise.all(shows);
  } catch (thrown) {
    broken.abort();
    await Promise.allSettled(shows);
    throw thrown;
  }
}

async function showStream(
  client: Client,
  id: string,
  { stream, signal }: { stream: "stdout" | "stderr"; signal: AbortSignal },
): Promise<void> {
  const query = { ...FROM_THE_FIRST, stream, format: "text" } as const;
  const log = await client.log(id, { action: "logs", query, signal });
  const fd = stream === "stdout" ? 1 : 2;
  for await (const chunk of readChunks(log, signal)) await writeAll(fd, chunk);
}

async function showBlended(client: Client, id: string, signal: AbortSignal): Promise<void> {
  const query = { ...FROM_THE_FIRST, stream: "blended", format: "json" } as const;
  const log = await client.log(id, { action: "logs", query, signal });
  const printer = new LinePrinter({ times: false, streams: false, paint: painter(false) });
  const encoder = new TextEncoder();
  for await (const frames of readFrames(log, signal)) {
    await writeAll(1, encoder.encode(printer.format(frames)));
  }
}
