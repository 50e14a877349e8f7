// Another process that has the same file open with SQLite: a database browser, or a korun that is
// about to be killed.

import { waitFor } from "../support/wait.ts";

const living = new Set<Neighbour>();

export interface Neighbour {
  /** Resolves when it has run its statements. */
  readonly ready: Promise<void>;
  ended(): Promise<void>;
  kill(): void;
}

/** Runs statements in a process of their own; with `stay` it then keeps the file open. */
export function spawnSqlite(
  path: string,
  sql: string,
  { stay = false }: { stay?: boolean } = {},
): Neighbour {
  return spawnBun(`
    import { Database } from "bun:sqlite";
    globalThis.db = new Database(${JSON.stringify(path)});
    for (const sql of ${JSON.stringify(sql.split(";").filter((part) => part.trim() !== ""))}) {
      db.query(sql).all();
    }
    console.log("ready");
    ${stay ? "setInterval(() => db, 1_000);" : "db.close();"}`);
}

/** Runs a program of a few lines. */
export function spawnBun(program: string): Neighbour {
  const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe", stderr: "inherit" });
  let output = "";
  async function read(): Promise<void> {
    for await (const chunk of child.stdout) output += Buffer.from(chunk).toString();
  }
  void read();
  const neighbour: Neighbour = {
    ready: waitFor("the other process", () => output.includes("ready")).then(() => undefined),
    async ended() {
      await child.exited;
      living.delete(neighbour);
    },
    kill: () => child.kill("SIGKILL"),
  };
  living.add(neighbour);
  return neighbour;
}

/** Ends those that a test that failed has left. */
export async function endNeighbours(): Promise<void> {
  for (const neighbour of [...living]) {
    neighbour.kill();
    await neighbour.ended();
  }
}

/** Lets it get as far as it goes, then kills it without a chance to tidy up. */
export async function killWhenReady(neighbour: Neighbour): Promise<void> {
  await neighbour.ready;
  neighbour.kill();
  await neighbour.ended();
}
