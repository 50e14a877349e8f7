// The original korun, in Rust: the same name, another program. It has one fixed port and no home of
// its own, so it is only measured where nobody uses that port.

import type { SessionReply } from "../../../src/api/replies.ts";
import { waitUntil } from "../wait.ts";
import type { Job, Peer } from "./peer.ts";

const PROGRAM = "korun";
const ORIGIN = "http://127.0.0.1:7777";

export const originalKorun: Peer<"supervise"> = {
  name: "original korun",
  programs: [PROGRAM],
  isDaemon: true,
  async isMeant(place) {
    // A flag that ours has not.
    const help = await place.run([PROGRAM, "serve", "--help"]).catch(() => "");
    return help.includes("--watch-file");
  },
  async supervise(place, jobs) {
    const isTaken = await fetch(ORIGIN).then(
      () => true,
      () => false,
    );
    if (isTaken) throw new Error("its port 7777 is in use");
    const ids = new Map<string, string>();
    for (const { name, command } of jobs) {
      ids.set(name, (await place.run([PROGRAM, "daemon", "--", ...command])).trim());
    }
    const idOf = ({ name }: Job) => ids.get(name) ?? "";
    return {
      list: [PROGRAM, "ls"],
      async captured(job, bytes) {
        await waitUntil("the original korun to capture", async () => {
          const reply = await fetch(`${ORIGIN}/v1/sessions/${idOf(job)}`);
          return ((await reply.json()) as SessionReply).state === "exited";
        });
        return { bytes, time: performance.now() };
      },
      follow: (job) => place.open([PROGRAM, "tail", "-f", idOf(job)]).stdout,
    };
  },
};
