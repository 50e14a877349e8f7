// What the daemon says of itself, for `daemon start` and `daemon status`.

import type { Client } from "../../client/client.ts";
import { EXIT } from "../exit.ts";
import { describeDaemon } from "./describe.ts";
import { printOut } from "./print.ts";
import { screenOf } from "./screen.ts";
import { painter } from "./style.ts";
import { renderPairs } from "./table.ts";

/** Shows the daemon that `client` finds or starts. Gives the exit code. */
export async function showDaemon(client: Client, flags: { json: boolean }): Promise<number> {
  const reply = await client.daemon();
  if (flags.json) printOut(reply.text);
  else printOut(renderPairs(describeDaemon(reply.body), painter((await screenOf(1)).colour)));
  return EXIT.ok;
}
