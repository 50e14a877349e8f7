// Servers of a session's own, and of strangers, on ports that nobody has.

import { createServer } from "node:net";

/** A port that nobody listens on, on either address of the loopback interface. */
export async function freePort(): Promise<number> {
  await using held = await listen(0, "::");
  return held.port;
}

/** A program that answers HTTP on a port of an address: `hello`, with the status in a file. */
export function serverOn(port: number, { host = "127.0.0.1", statusFile = "status" } = {}) {
  return [process.execPath, "-e", SERVER, String(port), host, statusFile] as const;
}

const SERVER = `
  const [port, hostname, file] = process.argv.slice(1);
  const status = async () => Number(await Bun.file(file).text().catch(() => "200"));
  const fetch = async () => new Response("hello", { status: await status() });
  Bun.serve({ port: Number(port), hostname, fetch });
  console.log("up");
`;

/** Listens in this very process, which is no session's. */
export async function listen(
  port: number,
  host: string,
): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer((socket) => socket.on("error", () => undefined).resume());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host, ipv6Only: host === "::1" }, resolve);
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("it does not listen");
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { port: address.port, [Symbol.asyncDispose]: close };
}
