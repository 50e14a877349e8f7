// The memory that policy needs: which ends there were, and when rings were set aside.

import { type Death, planStart, recentDeaths, type StartPlan } from "./policy.ts";

export class Backoff {
  #count: number;
  #deaths: readonly Death[] = [];
  #setAsideAt: number | undefined;

  /** Goes on counting from `count`. */
  constructor(count = 0) {
    this.#count = count;
  }

  /** Unwanted ends so far. */
  get count(): number {
    return this.#count;
  }

  /** When to start again after an unwanted end; `at` is by a clock that never jumps. */
  after(death: Death): StartPlan {
    const now = death.at;
    this.#count += 1;
    this.#deaths = recentDeaths([...this.#deaths, death], now);
    const plan = planStart({ deaths: this.#deaths, setAsideAt: this.#setAsideAt }, now);
    if (plan.setAside) this.#setAsideAt = now;
    return plan;
  }
}
