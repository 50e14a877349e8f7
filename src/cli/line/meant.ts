// Names that commands have elsewhere (docker, pm2, systemd, git), and what they are called here.

const MEANT: Readonly<Record<string, string>> = {
  top: "`korun stats -f`",
  monit: "`korun stats -f`",
  status: "`korun ls`, or `korun why ID`",
  list: "`korun ls`",
  ps: "`korun ls`",
  exec: "`korun send ID TEXT`, or `korun attach ID`",
  start: "`korun serve -- COMMAND`, or `korun restart ID`",
  up: "`korun serve -- COMMAND`, or `korun restart ID`",
  kill: "`korun stop --force ID`",
  down: "`korun stop --all`",
  delete: "`korun rm ID`",
  del: "`korun rm ID`",
  remove: "`korun rm ID`",
  reload: "`korun restart ID`",
  show: "`korun inspect ID`",
  describe: "`korun inspect ID`",
  info: "`korun inspect ID`",
  follow: "`korun logs -f ID`",
  upgrade: "`korun daemon upgrade`",
  version: "`korun --version`",
  "daemon restart": "`korun daemon stop` and `korun daemon start`, or `korun daemon upgrade`",
};

/** What somebody most likely wants who typed this as a command; undefined where nobody can say. */
export function meantBy(typed: string): string | undefined {
  return Object.hasOwn(MEANT, typed) ? MEANT[typed] : undefined;
}
