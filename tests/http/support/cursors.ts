// Cursors that are kept nowhere.

import type { Cursors } from "../../../src/http/ports.ts";

export class FakeCursors implements Cursors {
  readonly #seqs = new Map<string, number>();

  find(sessionId: string, name: string): number | undefined {
    return this.#seqs.get(`${sessionId} ${name}`);
  }

  move(sessionId: string, { name, seq }: { name: string; seq: number }): void {
    this.#seqs.set(`${sessionId} ${name}`, seq);
  }
}
