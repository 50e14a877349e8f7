import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createServer, type Server } from "node:net";
import {
  openSocketOwner,
  procSocketOwner,
  type SocketOwner,
} from "../../src/native/socket-owner.ts";
import { openRaw } from "./support/raw.ts";

const ways = { netlink: openSocketOwner, "/proc": procSocketOwner };

describe.skipIf(process.platform !== "linux").each(Object.entries(ways))("by %s", (_, open) => {
  let listener: Server;
  let port: number;
  let owner: SocketOwner;

  beforeEach(async () => {
    listener = createServer();
    port = await listen(listener);
    const opened = open({ address: "127.0.0.1", port });
    if (opened === undefined) throw new Error("Linux has an answer");
    owner = opened;
  });

  afterEach(() => {
    owner.close();
    listener.close();
  });

  test("a client's socket is its user's, written plainly or mapped into IPv6", async () => {
    const { socket } = await openRaw({ port });
    const { localPort = 0 } = socket;
    expect(owner.uidOf({ address: "127.0.0.1", port: localPort })).toBe(process.getuid?.());
    expect(owner.uidOf({ address: "::ffff:127.0.0.1", port: localPort })).toBe(process.getuid?.());
    socket.destroy();
  });

  test("a port that nobody connected from has no owner, though somebody listens on it", async () => {
    const stranger = createServer();
    const strangersPort = await listen(stranger);
    expect(owner.uidOf({ address: "127.0.0.1", port: strangersPort })).toBeUndefined();
    expect(owner.uidOf({ address: "127.0.0.1", port })).toBeUndefined();
    expect(owner.uidOf({ address: "127.0.0.1", port: 1 })).toBeUndefined();
    stranger.close();
  });

  test("a socket that was closed after sending has no owner", async () => {
    const { socket, closed } = await openRaw({ port });
    const { localPort = 0 } = socket;
    socket.destroy();
    await closed;
    expect(owner.uidOf({ address: "127.0.0.1", port: localPort })).toBeUndefined();
  });
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
