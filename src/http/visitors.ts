// Who is being served. An answer is over when it is given, but for those that stay: followers and
// WebSockets. The daemon is told of each change, so that it knows when it is alone.

import type { Conversation } from "./attach/websocket.ts";

export class Visitors {
  readonly #changed: () => void;
  #count = 0;

  /** Told when somebody comes, and when somebody has gone. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Somebody is being served. */
  get any(): boolean {
    return this.#count > 0;
  }

  enter(): Visit {
    this.#count += 1;
    this.#changed();
    return new Visit(() => {
      this.#count -= 1;
      this.#changed();
    });
  }
}

/** One request, as long as there is anything to it. */
export class Visit {
  readonly #gone: () => void;
  #stays = false;
  #over = false;

  constructor(gone: () => void) {
    this.#gone = gone;
  }

  /** The answer goes on after it is given: the caller says when that is over, once or more often. */
  stay(): () => void {
    this.#stays = true;
    return () => this.#end();
  }

  /** The answer is given. */
  answered(): void {
    if (!this.#stays) this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#gone();
  }
}

/** The same conversation, after which `gone` is called. */
export function accompanied(conversation: Conversation, gone: () => void): Conversation {
  return {
    opened: (peer) => conversation.opened(peer),
    received: (message) => conversation.received(message),
    drained: () => conversation.drained(),
    closed() {
      gone();
      conversation.closed();
    },
  };
}
