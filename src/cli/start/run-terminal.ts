// A foreground session in a terminal of its own, on ours: keys, size and colours are as if the command
// ran here. No key leaves it; it ends as any command does.

import type { Client } from "../../client/client.ts";
import { terminalSize } from "../../native/terminal-size.ts";
import { attachSession } from "../attach/attach-session.ts";

/** Whether there is a terminal to show another one on, or to type at. */
export async function hasTerminal(): Promise<boolean> {
  return ((await terminalSize(0)) ?? (await terminalSize(1))) !== undefined;
}

/** Shows it from its first byte until the session is over. Throws EPIPE or EIO when nobody reads. */
export async function showTerminal(client: Client, id: string): Promise<void> {
  await attachSession(client, { id, run: 1, input: true });
}
