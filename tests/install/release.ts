// A release as install.sh downloads it, served on the loopback: an executable per platform, which
// is a script that says its version, and their checksums.

export const PLATFORMS = [
  "linux-x64",
  "linux-arm64",
  "linux-x64-musl",
  "linux-arm64-musl",
  "darwin-x64",
  "darwin-arm64",
];

/** What a server answers: a file's text, or something of its own. */
export type Answer = string | (() => Response | Promise<Response>);

export class Release implements AsyncDisposable {
  /** By name; tests put in what they want to see go wrong. */
  readonly files = new Map<string, Answer>();
  /** Names in the order they were asked for. */
  readonly asked: string[] = [];
  readonly #server: Bun.Server<undefined>;

  constructor() {
    const sums: string[] = [];
    for (const platform of PLATFORMS) {
      const text = `#!/bin/sh\necho "korun 2.0.0 for ${platform}"\n`;
      this.files.set(`korun-${platform}`, text);
      sums.push(`${sha256(text)}  korun-${platform}\n`);
    }
    this.files.set("SHA256SUMS", sums.join(""));
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request) => this.#answer(new URL(request.url).pathname),
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/v2`;
  }

  /** Replaces what each platform's executable does, with checksums to match. */
  setProgram(text: string): void {
    for (const platform of PLATFORMS) this.files.set(`korun-${platform}`, text);
    const sums = PLATFORMS.map((platform) => `${sha256(text)}  korun-${platform}\n`);
    this.files.set("SHA256SUMS", sums.join(""));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }

  #answer(path: string): Response | Promise<Response> {
    const name = path.replace(/^\/v2\//, "");
    this.asked.push(name);
    const answer = this.files.get(name);
    if (answer === undefined) return new Response("no such file", { status: 404 });
    return typeof answer === "string" ? new Response(answer) : answer();
  }
}

export function sha256(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}
