// supervisord: a daemon in Python that writes what jobs print to files, in one thread.

import { shellLine } from "../shell.ts";
import { waitUntil } from "../wait.ts";
import { untilWritten } from "./output.ts";
import type { Job, Peer } from "./peer.ts";

export const supervisord: Peer<"supervise"> = {
  name: "supervisord",
  programs: ["supervisord", "supervisorctl"],
  isDaemon: true,
  async supervise(place, jobs) {
    const socket = place.path("supervisor.sock");
    const file = place.path("supervisord.conf");
    const logOf = ({ name }: Job) => place.path(`${name}.log`);
    await Bun.write(
      file,
      [daemonPart(socket), ...jobs.map((job) => part(job, logOf(job)))].join(""),
    );
    place.start(["supervisord", "--nodaemon", "--configuration", file]);
    const control = ["supervisorctl", "--configuration", file];
    await waitUntil("supervisord to answer", () =>
      place.run([...control, "pid"]).then(
        () => true,
        () => false,
      ),
    );
    return {
      list: [...control, "status"],
      captured: (job, bytes) => untilWritten(logOf(job), bytes),
      follow: ({ name }) => place.open([...control, "tail", "-f", name]).stdout,
    };
  },
};

function daemonPart(socket: string): string {
  return `[supervisord]
user=${process.env.USER ?? "root"}
logfile=/dev/null
logfile_maxbytes=0
pidfile=${socket}.pid
[unix_http_server]
file=${socket}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${socket}
`;
}

function part({ name, command }: Job, log: string): string {
  return `[program:${name}]
command=${shellLine(command).replaceAll("%", "%%")}
startsecs=0
autorestart=false
stdout_logfile=${log}
stdout_logfile_maxbytes=0
`;
}
