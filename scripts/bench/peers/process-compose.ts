// process-compose: a supervisor in Go that writes what jobs print to files.

import { shellLine } from "../shell.ts";
import { waitUntil } from "../wait.ts";
import { untilWritten } from "./output.ts";
import type { Job, Peer } from "./peer.ts";

const PROGRAM = "process-compose";

export const processCompose: Peer<"supervise"> = {
  name: "process-compose",
  programs: [PROGRAM],
  versionArgs: ["version", "--short"],
  isDaemon: true,
  async supervise(place, jobs) {
    const file = place.path("process-compose.yaml");
    const logOf = ({ name }: Job) => place.path(`${name}.log`);
    const processes = jobs.map((job) => [job.name, processOf(job, logOf(job))] as const);
    // Every JSON text is YAML as well.
    await Bun.write(
      file,
      JSON.stringify({ version: "0.5", processes: Object.fromEntries(processes) }),
    );
    const socket = ["--use-uds", "--unix-socket", place.path("process-compose.sock")];
    place.start([PROGRAM, "up", ...socket, "--tui=false", "--keep-project", "--config", file]);
    const list = [PROGRAM, "process", "list", ...socket];
    await waitUntil("process-compose to answer", () =>
      place.run(list).then(
        () => true,
        () => false,
      ),
    );
    return {
      list,
      captured: (job, bytes) => untilWritten(logOf(job), bytes),
      follow: ({ name }) =>
        place.open([PROGRAM, "process", "logs", name, "--follow", ...socket]).stdout,
    };
  },
};

function processOf({ command }: Job, log: string) {
  return {
    command: shellLine(command),
    log_location: log,
    log_configuration: { disable_json: true, no_metadata: true, no_color: true },
  };
}
