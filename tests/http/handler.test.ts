import { expect, test } from "bun:test";
import type { Server } from "bun";
import type { Conversation } from "../../src/http/attach/websocket.ts";
import type { Entrance } from "../../src/http/guard.ts";
import { createHandler } from "../../src/http/handler.ts";
import { text } from "../../src/http/reply.ts";
import { Router } from "../../src/http/router.ts";

const ENTRANCES: Record<string, Entrance> = {
  open: { hosts: undefined, isOwnUser: undefined },
  shut: { hosts: undefined, isOwnUser: () => false },
};

test.each([
  ["a long answer may be taken as slowly as one likes", "open", 1_000_000, 200, [0]],
  ["behind a short one, the connection ends when nothing comes", "open", 100, 200, []],
  ["whoever is turned away is not waited for", "shut", 1_000_000, 403, []],
] as const)("%s", async (_, entrance, length, status, expected) => {
  const timeouts: number[] = [];
  const timeout = (_: Request, seconds: number) => timeouts.push(seconds);
  const handle = createHandler({
    router: new Router({ "/long": { GET: () => text(new Uint8Array(length)) } }),
    version: "1.2.3",
    onDefect: (thrown) => console.error(thrown),
  });
  const response = await handle(new Request("http://127.0.0.1/long"), {
    server: { timeout } as unknown as Server<Conversation>,
    entrance: ENTRANCES[entrance] as Entrance,
    transport: "tcp",
    stopping: new AbortController().signal,
  });
  expect(response.status).toBe(status);
  expect(timeouts).toEqual([...expected]);
});
