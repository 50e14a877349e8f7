// Whether another executable can take over from this daemon: asked before anything is given up.

import { messageOf, Problem } from "../domain/problem.ts";

/** Longest wait for an executable to say its version, in ms. */
const VERSION_WAIT_MS = 10_000;

/**
 * The version of a korun executable that is to follow `current`. Throws a Problem `bad_request` for
 * one that does not run or is no korun, `conflict` for an older one.
 */
export async function checkSuccessor(binary: string, current: string): Promise<string> {
  const version = await askVersion(binary);
  if (Bun.semver.order(version, current) >= 0) return version;
  throw new Problem("conflict", `${binary} is korun ${version}, this daemon is ${current}`, {
    hint: "State of a newer korun cannot be taken over: stop the daemon, then start the older one.",
  });
}

async function askVersion(binary: string): Promise<string> {
  const said = await run(binary).catch((thrown: unknown) => {
    throw refusal(binary, messageOf(thrown));
  });
  const version = /\b(\d+\.\d+\.\d+\S*)/.exec(said)?.[1];
  if (version === undefined) throw refusal(binary, `it says ${JSON.stringify(said.slice(0, 80))}`);
  return version;
}

async function run(binary: string): Promise<string> {
  const child = Bun.spawn([binary, "--version"], {
    stdio: ["ignore", "pipe", "ignore"],
    timeout: VERSION_WAIT_MS,
  });
  return (await new Response(child.stdout).text()).trim();
}

function refusal(binary: string, why: string): Problem {
  return new Problem("bad_request", `${binary} cannot take over: ${why}`, {
    field: "binary",
    expected: "a korun executable that runs on this machine",
  });
}
