// A session without processes whose log is the real one: what a child would write is put into it.

import type { SupervisedSession } from "../../../src/http/ports.ts";
import { type FakeSession as FakeOutput, fakeSession } from "../../logs/support.ts";
import type { TestServer } from "./server.ts";

export interface LoggedSession extends FakeOutput {
  readonly id: string;
  /** The number of its newest run. */
  run: number;
  /** Nothing will start it again by itself. */
  over: boolean;
}

/** Makes a session of the server's. */
export async function loggedSession(server: TestServer): Promise<LoggedSession> {
  const made = await server.session();
  server.directory.sessions.splice(server.directory.sessions.indexOf(made), 1);
  const output: LoggedSession = { ...fakeSession(), id: made.id, run: 1, over: false };
  const session = new Proxy<object>(made, {
    get(target, key) {
      if (key === "log") return output.log;
      if (key === "snapshot") return () => ({ ...made.snapshot(), run: output.run });
      if (key === "isOver") return () => output.over;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  server.directory.others.push(session as SupervisedSession);
  return output;
}
