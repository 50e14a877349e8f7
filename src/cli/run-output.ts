// The output of a foreground session, whole, from its first byte: each stream to our own, byte for
// byte. On one terminal both go through one reader, which keeps them in the order they came in.

import type { Client } from "../client/client.ts";
import { followLog, followText } from "../client/follow.ts";
import { LinePrinter } from "./line-printer.ts";
import { writeAll } from "./print.ts";
import { sharesTerminal } from "./screen.ts";
import { painter } from "./style.ts";

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
  const fd = stream === "stdout" ? 1 : 2;
  for await (const text of followText(client, { id, stream, sinceSeq: 0, signal })) {
    await writeAll(fd, text);
  }
}

async function showBlended(client: Client, id: string, signal: AbortSignal): Promise<void> {
  const printer = new LinePrinter({ times: false, streams: false, paint: painter(false) });
  const encoder = new TextEncoder();
  for await (const frames of followLog(client, { id, stream: "blended", sinceSeq: 0, signal })) {
    await writeAll(1, encoder.encode(printer.format(frames)));
  }
}
