// Waits until something stands in a session's output. Its exit code says how that ended.

import type { ExpectReply } from "../../api/expecting.ts";
import { type ExpectQuery, expectOutput } from "../../client/output.ts";
import { formatDuration, parseDuration } from "../../domain/duration.ts";
import { Problem } from "../../domain/problem.ts";
import { DEFAULT_WAIT } from "../../domain/wait.ts";
import { EXIT } from "../exit.ts";
import { misuse } from "../line/argv.ts";
import { CURSOR, DURATION } from "../line/forms.ts";
import { defineCommand } from "../line/signature.ts";
import { openClient } from "../open-client.ts";
import { expectReference } from "../pick.ts";
import { printOut } from "../show/print.ts";
import { report, reportUnknown } from "../show/report.ts";

export const expect = defineCommand({
  name: "expect",
  about: "Wait until something stands in a session's output, and show that line",
  flags: {
    regex: { kind: "switch", about: "PATTERN is a regular expression (RE2), rather than text" },
    since: {
      kind: "value",
      value: "SEQ",
      form: CURSOR,
      about: "From this entry on, such as 12 (12:4: behind its column 4), not from the run's start",
    },
    stream: {
      kind: "choice",
      choices: ["blended", "stdout", "stderr"],
      about: "Which output (default: blended)",
    },
    timeout: {
      kind: "value",
      value: "TIME",
      form: DURATION,
      about: `How long to wait (default: ${DEFAULT_WAIT})`,
    },
    json: { kind: "switch", about: "Print the API's own body" },
  },
  words: {
    name: "ID",
    about: "UUID, unique prefix (4 or more), or name",
    least: 2,
    most: 2,
    offer: "sessions",
    followedBy: { name: "PATTERN", about: "What to wait for" },
  },
  exitCodes: [
    [EXIT.ok, "Found"],
    [EXIT.timedOut, "Not in time"],
    [EXIT.endedInstead, "It has ended without it, and nothing starts it again by itself"],
    [EXIT.unknownSession, "There is no such session"],
    [EXIT.usage, "The pattern is none"],
  ],
  examples: [
    "korun expect web 'listening on'",
    "korun expect --regex db 'ready to accept connections$' --timeout 2m",
  ],
  async run({ flags, words }) {
    const [id = "", pattern = ""] = words;
    const reference = expectReference(id);
    const [seq, column] = (flags.since ?? "").split(":");
    if (column !== undefined && (flags.stream ?? "blended") === "blended") {
      const why = "--since with a column is of one stream: add --stream stdout or --stream stderr";
      throw misuse({ name: "expect" }, why);
    }
    const query: ExpectQuery = {
      pattern,
      regex: flags.regex,
      stream: flags.stream,
      sinceSeq: flags.since === undefined ? undefined : Number(seq),
      sinceColumn: column === undefined ? undefined : Number(column),
      timeoutMs: parseDuration(flags.timeout ?? DEFAULT_WAIT) ?? 0,
    };
    try {
      const client = openClient({ launch: "remembered" });
      const { body, text } = await expectOutput(client, reference, query);
      return tell(body, { reference, query, json: flags.json ? text : undefined });
    } catch (thrown) {
      return reportUnknown(thrown);
    }
  },
});

interface Asked {
  readonly reference: string;
  readonly query: ExpectQuery;
  /** The API's own body, if that is to be shown. */
  readonly json: string | undefined;
}

function tell(reply: ExpectReply, { reference, query, json }: Asked): number {
  if (json !== undefined) printOut(json);
  if (reply.outcome === "matched") {
    if (json === undefined) printOut(`${reply.line}\n`);
    return EXIT.ok;
  }
  const isLate = reply.outcome === "timed_out";
  const when = isLate ? `within ${formatDuration(query.timeoutMs)}` : "and has ended";
  const gone = reply.dropped === 0 ? "" : `, and ${reply.dropped} lines were gone before`;
  report(
    new Problem(
      "internal",
      `${reference} did not print ${JSON.stringify(query.pattern)} ${when}${gone}`,
      {
        hint: `See: korun logs ${reference}`,
      },
    ),
  );
  return isLate ? EXIT.timedOut : EXIT.endedInstead;
}
