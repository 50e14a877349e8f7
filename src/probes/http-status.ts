// The status with which a server answers GET. Its body is not read, a redirect is not followed, and
// the connection is used once. Not by `fetch`, which asks the proxies of the daemon's environment
// even for this machine, and chooses for itself whether localhost means IPv4 or IPv6.

import { connectFailure } from "./connect.ts";

/** Longest head of an answer, in bytes. */
const MOST_HEAD_BYTES = 65_536;

/** Of `HTTP/1.1 200`. */
const STATUS_LENGTH = 12;

export type Answer = { readonly status: number } | { readonly failure: string };

export interface Request {
  readonly url: URL;
  /** Where to ask; the URL's host is only named. */
  readonly address: string;
  /** Whether a certificate that nobody vouches for is a failure. */
  readonly verify: boolean;
  readonly signal: AbortSignal;
}

/** Asks once. Resolves with why there is no status as soon as the signal is aborted. */
export async function requestStatus(request: Request): Promise<Answer> {
  const { url, address, verify, signal } = request;
  const answer = Promise.withResolvers<Answer>();
  const fail = (failure: string) => answer.resolve({ failure });
  const late = () => fail("does not answer");
  signal.addEventListener("abort", late, { once: true });
  if (signal.aborted) late();
  const isSecure = url.protocol === "https:";
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const head = new AnswerHead();
  const connecting = Bun.connect({
    hostname: address,
    port: Number(url.port === "" ? (isSecure ? 443 : 80) : url.port),
    ...(isSecure ? { tls: { rejectUnauthorized: verify, serverName: hostname } } : {}),
    socket: {
      open(socket) {
        if (!isSecure) socket.write(requestOf(url));
      },
      handshake(socket, _, failure) {
        if (verify && failure !== null) fail(failure.message);
        else socket.write(requestOf(url));
      },
      data(_, bytes) {
        const found = head.take(bytes);
        if (found !== undefined) answer.resolve(found);
      },
      close: () => fail("closed the connection without an answer"),
      error: (_, failure) => fail(connectFailure(failure)),
    },
  });
  connecting.catch((failure) => fail(connectFailure(failure)));
  try {
    return await answer.promise;
  } finally {
    signal.removeEventListener("abort", late);
    // It may still be connecting.
    connecting.then((socket) => socket.terminate()).catch(() => undefined);
  }
}

/** Reads until the status is known: answers that only announce another one come before it. */
class AnswerHead {
  #text = "";

  take(bytes: Uint8Array): Answer | undefined {
    this.#text += Buffer.from(bytes).toString("latin1");
    while (this.#text.length >= STATUS_LENGTH) {
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(this.#text)?.[1] ?? Number.NaN);
      if (Number.isNaN(status)) return { failure: "does not speak HTTP/1" };
      if (status >= 200 || status === 101) return { status };
      const end = this.#text.indexOf("\r\n\r\n");
      if (end < 0) break;
      this.#text = this.#text.slice(end + 4);
    }
    return this.#text.length > MOST_HEAD_BYTES ? { failure: "answers without end" } : undefined;
  }
}

function requestOf(url: URL): string {
  const credentials = `${decoded(url.username)}:${decoded(url.password)}`;
  return [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    "User-Agent: korun",
    "Accept: */*",
    ...(credentials === ":"
      ? []
      : [`Authorization: Basic ${Buffer.from(credentials).toString("base64")}`]),
    "Connection: close",
    "",
    "",
  ].join("\r\n");
}

/** A percent sign that encodes nothing is one. */
function decoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (bytes) => {
    return Buffer.from(bytes.replaceAll("%", ""), "hex").toString("utf8");
  });
}
