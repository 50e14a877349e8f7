// The bare server as something to measure against.

import type { Bench } from "./bench.ts";
import { Place } from "./place.ts";

export class BareServer {
  readonly place: Place;
  readonly port: number;
  readonly pid: number;

  private constructor(place: Place, parts: { port: number; pid: number }) {
    this.place = place;
    this.port = parts.port;
    this.pid = parts.pid;
  }

  /** Starts one and asks it once. */
  static async start({ bare }: Bench): Promise<BareServer> {
    const place = new Place();
    const child = place.open([bare]);
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    const port = Number(new TextDecoder().decode(value));
    await (await fetch(`http://127.0.0.1:${port}/healthz`)).text();
    return new BareServer(place, { port, pid: child.pid });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.place[Symbol.asyncDispose]();
  }
}
