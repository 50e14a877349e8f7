import { afterEach, beforeEach, expect, test } from "bun:test";
import { Audience } from "../../../src/http/attach/audience.ts";
import { Viewer } from "../../../src/http/attach/viewer.ts";
import type { Peer } from "../../../src/http/attach/websocket.ts";
import { waitFor } from "../../support/wait.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { Terminals } from "../support/viewers.ts";

let server: TestServer;
let terminal: Terminals;

beforeEach(async () => {
  server = await startTestServer();
  terminal = await Terminals.start(server);
});

afterEach(() => server[Symbol.asyncDispose]());

/** Takes all that is sent to it. */
class FakePeer implements Peer {
  readonly queued = 0;
  sent = "";

  send(message: string | Uint8Array): void {
    this.sent += typeof message === "string" ? message : new TextDecoder().decode(message);
  }

  close(): void {}
  pause(): void {}
  resume(): void {}
}

function join(audience: Audience): { viewer: Viewer; peer: FakePeer } {
  const viewer = new Viewer({
    enter: () => audience,
    size: undefined,
    resumption: undefined,
    stopping: new AbortController().signal,
  });
  const peer = new FakePeer();
  viewer.opened(peer);
  return { viewer, peer };
}

function audienceOf(lingerMs: number): { audience: Audience; ended: () => boolean } {
  let isOver = false;
  const audience = new Audience({
    session: server.directory.find(terminal.id),
    history: server.history,
    onDefect: (thrown) => {
      throw thrown;
    },
    onEnd: () => {
      isOver = true;
    },
    lingerMs,
  });
  return { audience, ended: () => isOver };
}

test("the screen is let go some time after the last viewer has left", async () => {
  const { audience, ended } = audienceOf(1);
  terminal.print("hello");
  const { viewer, peer } = join(audience);
  await waitFor("the screen", () => peer.sent.endsWith("hello"));
  viewer.closed();
  await waitFor("the end", ended);
  await waitFor("its reader to be closed", () => terminal.output.open === 0);
  expect(server.history.open.size).toBe(0);
});

test("whoever comes back before that finds the screen that was", async () => {
  const { audience, ended } = audienceOf(60_000);
  terminal.print("first\r\n");
  const first = join(audience);
  await waitFor("the screen", () => first.peer.sent.includes("first"));
  first.viewer.closed();
  // Only a screen that was kept still knows of this.
  terminal.output.forgetBefore(terminal.output.head);
  terminal.print("second");
  const second = join(audience);
  await waitFor("the screen", () => second.peer.sent.includes("second"));
  expect(second.peer.sent).toContain("first");
  expect(second.peer.sent).toContain('"lost":false');
  expect(ended()).toBe(false);
  second.viewer.closed();
});

test("a size that it was given while nobody was there makes the screen one to be drawn again", async () => {
  const { audience } = audienceOf(60_000);
  terminal.print("written in the size of its start");
  server.directory.find(terminal.id).input?.resize({ cols: 101, rows: 31 });
  const { viewer, peer } = join(audience);
  await waitFor("the screen", () => peer.sent.includes("its start"));
  expect(peer.sent).toContain('"cols":101,"rows":31,"lost":true');
  viewer.closed();
});
