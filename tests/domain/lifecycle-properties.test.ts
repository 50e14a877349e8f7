// Thousands of random lives: commands and answers in any order and at any speed. The world checks
// at each step that no second child is started and that something is left to wait for; here, that
// the last intent is what becomes of it in the end. A failure names its seed.

import { expect, test } from "bun:test";
import { isOver, isSteady, publicState } from "../../src/domain/lifecycle.ts";
import { messageOf } from "../../src/domain/problem.ts";
import { NEVER_RESTART, type RestartPolicy } from "../../src/domain/restart-policy.ts";
import { random, World } from "./world.ts";

const LIVES = 6_000;

const COUNTED = { on: "any", resetAfterMs: 60_000, maxRestarts: 3 } as const;

const POLICIES: readonly RestartPolicy[] = [
  NEVER_RESTART,
  { kind: "always", ...COUNTED, maxRestarts: undefined },
  { kind: "fixed", delayMs: 1_000, ...COUNTED },
  {
    kind: "exponential",
    initialDelayMs: 1_000,
    maxDelayMs: 30_000,
    multiplier: 2,
    ...COUNTED,
    on: "failure",
  },
];

test("any life settles in the state of its last intent, with never more than one child", () => {
  for (let seed = 1; seed <= LIVES; seed += 1) {
    try {
      live(seed);
    } catch (cause) {
      throw new Error(`seed ${seed}: ${messageOf(cause)}`, { cause });
    }
  }
});

function live(seed: number): void {
  const dice = random(seed);
  const restart = POLICIES[seed % POLICIES.length] ?? NEVER_RESTART;
  const world = new World(dice, { watched: dice() < 0.5, restart });
  // From hurried to slow: how often a command comes before the last one has been answered.
  const hurry = dice();
  for (let step = 0; step < 40; step += 1) {
    if (dice() < hurry) world.command();
    else world.happen({ exits: true });
    if (dice() < 0.1) world.repeatLate();
  }
  if (dice() < 0.5) world.stop(dice() < 0.5, dice() < 0.3);
  else world.restart();

  let steps = 0;
  while (!isSteady(world.state)) {
    expect(world.happen({ exits: false })).toBe(true);
    steps += 1;
    expect(steps).toBeLessThan(50);
  }
  if (world.intent === "rest") expectStopped(world);
  else expectStarted(world);
}

function expectStopped(world: World): void {
  expect(isOver(world.state)).toBe(true);
  expect(world.leaderLives || world.helperLives).toBe(false);
}

/** Started after the command, unless something in its way could not be ended. */
function expectStarted(world: World): void {
  const state = publicState(world.state);
  if (state === "failed") {
    expect(world.state).toMatchObject({
      end: { error: expect.stringMatching(/^(ENOENT|EBUSY): /) },
    });
    if (world.dead) expect(world.spawns).toBeGreaterThan(world.asked);
    return;
  }
  expect(world.spawns).toBeGreaterThan(world.asked);
  expect(state).toBe("running");
  expect(world.leaderLives).toBe(true);
}
