// What the API says of a field of a request, said of the flag that was typed instead.

import { Problem } from "../../domain/problem.ts";
import type { Command } from "./signature.ts";

/** Fields that are not called as their flags are. The first that fits counts. */
const FLAGS: readonly (readonly [field: RegExp, flag: string])[] = [
  [/^command\b.*/, "the command"],
  [/^restart\.on$/, "--restart-on"],
  [/^restart\.maxRestarts$/, "--max-restarts"],
  [/^restart\.resetAfter$/, "--restart-reset"],
  [/^restart\b.*/, "--restart"],
  [/^(ready|health)(?:\[\d+\])?\.command\b.*/, "--$1-cmd"],
  [/^ready\[\d+\]\.(\w+)$/, "--ready-$1"],
  [/^health\.(\w+)$/, "--health-$1"],
];

/** The same failure, with the flag of the command for the field; anything else as it is. */
export function inFlags(thrown: unknown, command: Command): unknown {
  if (!(thrown instanceof Problem) || thrown.field === undefined) return thrown;
  const { code, message, field, expected, hint, differences } = thrown;
  if (!message.startsWith(field)) return thrown;
  const flag = flagOf(field, command);
  if (flag === undefined) return thrown;
  return new Problem(code, `${flag}${message.slice(field.length)}`, {
    ...{ field, expected, hint, differences },
    cause: thrown,
  });
}

function flagOf(field: string, { flags, takesCommand }: Command): string | undefined {
  const [name = ""] = /^\w+/.exec(field) ?? [];
  const own = name.replaceAll("_", "-");
  const special = takesCommand ? FLAGS.find(([form]) => form.test(field)) : undefined;
  if (special !== undefined) return field.replace(special[0], special[1]);
  return Object.hasOwn(flags, own) ? `--${own}` : undefined;
}
