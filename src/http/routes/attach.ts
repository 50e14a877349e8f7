// The terminal of a session, over a WebSocket: see src/api/terminal.ts for what is said there.

import type * as v from "valibot";
import { SESSIONS } from "../../api/paths.ts";
import { AttachQuery } from "../../api/terminal.ts";
import { Problem } from "../../domain/problem.ts";
import type { SessionSnapshot, TerminalDimensions } from "../../domain/session.ts";
import { Audience, type AudienceOptions, type TerminalSession } from "../attach/audience.ts";
import { type Resumption, Viewer } from "../attach/viewer.ts";
import { readQuery } from "../query.ts";
import type { Routes } from "../router.ts";

/** Where sessions that may have a terminal are found. */
export interface TerminalDirectory {
  /** By UUID, unique prefix or name. Throws Problems `not_found` and `conflict`. */
  find(reference: string): TerminalSession;
}

interface Shared extends Pick<AudienceOptions, "history"> {
  /** Told of defects; by default they go to stderr. */
  readonly onDefect?: (thrown: unknown) => void;
}

type Asked = v.InferOutput<typeof AttachQuery>;

export function attachRoutes(directory: TerminalDirectory, shared: Shared): Routes {
  const { history, onDefect = (thrown) => console.error(thrown) } = shared;
  const audiences = new Map<string, Audience>();
  return {
    [`${SESSIONS}/{id}/attach`]: {
      GET(exchange) {
        const query = readQuery(exchange.query, AttachQuery);
        const [size, resumption] = [sizeIn(query), resumptionIn(query)];
        const session = directory.find(exchange.reference);
        expectTerminal(session.snapshot());
        const { stopping } = exchange;
        const enter = () => audienceOf(session);
        return exchange.upgrade(new Viewer({ enter, size, resumption, stopping }));
      },
    },
  };

  function audienceOf(session: TerminalSession): Audience {
    const found = audiences.get(session.id);
    if (found !== undefined) return found;
    const onEnd = () => audiences.delete(session.id);
    const audience = new Audience({ session, history, onDefect, onEnd });
    audiences.set(session.id, audience);
    return audience;
  }
}

function expectTerminal({ id, spec }: SessionSnapshot): void {
  if (spec.pty !== undefined) return;
  throw new Problem("conflict", `Session ${spec.name ?? id} has no terminal to attach to`, {
    hint: 'Start it with --pty (over HTTP: "pty": true). `korun logs -f` follows its output.',
  });
}

function sizeIn({ cols, rows }: Asked): TerminalDimensions | undefined {
  if (cols === undefined && rows === undefined) return undefined;
  if (cols !== undefined && rows !== undefined) return { cols, rows };
  const [field, other] = cols === undefined ? ["cols", "rows"] : ["rows", "cols"];
  const expected = "an integer from 1 to 1000";
  throw new Problem("bad_request", `${field} is missing: with ${other}, it must be ${expected}`, {
    field,
    expected,
  });
}

function resumptionIn({ run, from }: Asked): Resumption | undefined {
  if (run !== undefined) return { run, from };
  if (from === undefined) return undefined;
  throw new Problem("bad_request", "from is a place in what one run wrote, and needs run", {
    field: "from",
    expected: "run beside it",
  });
}
