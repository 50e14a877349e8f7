import { expect, test } from "bun:test";
import { type Listener, listenTcp } from "../../src/http/listeners.ts";
import { waitFor } from "../support/wait.ts";
import { openRaw, type RawConnection, statusOf } from "./support/raw.ts";

const MIB = 1_048_576;

function listen(handle: () => Promise<Response>): Listener {
  const { signal } = new AbortController();
  return listenTcp(0, { handle, stopping: signal, onDefect: (thrown) => console.error(thrown) });
}

async function post(port: number, length: number): Promise<RawConnection> {
  const connection = await openRaw({ port });
  const head = `POST / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: ${length}\r\n\r\n`;
  connection.socket.write(head);
  connection.socket.write(Buffer.alloc(length, "x"));
  return connection;
}

// Without a bound of its own: a client that stays would keep this waiting for ever.
test("the end waits for answers, not for a client that stays after a body too long", async () => {
  const listener = listen(async () => new Response("too long", { status: 413 }));
  const { received, socket } = await post(listener.port, 2 * MIB);
  await waitFor("the 413", () => received().length > 0 && statusOf(received()) === 413);
  await listener.refuse();
  listener.close();
  socket.destroy();
});

test("an answer that is under way is waited for", async () => {
  const answer = Promise.withResolvers<Response>();
  const asked = Promise.withResolvers<void>();
  const listener = listen(() => {
    asked.resolve();
    return answer.promise;
  });
  const { received, socket } = await post(listener.port, 10);
  await asked.promise;
  let refused = false;
  const refusing = listener.refuse().then(() => {
    refused = true;
  });
  await waitFor("the port to be closed", () => {
    return openRaw({ port: listener.port }).then(
      () => false,
      () => true,
    );
  });
  expect(refused).toBe(false);
  answer.resolve(new Response("late"));
  await refusing;
  await waitFor("the answer", () => received().includes("late"));
  listener.close();
  socket.destroy();
});
