// How a table reaches the database, wherever that is at the moment.

import type { Connection } from "./connection.ts";

export interface Access {
  /**
   * Runs `op`, once more on a database in memory if the file fails under it. Never throws:
   * `otherwise` is the result when it cannot be done at all, which is reported.
   */
  attempt<T>(op: (connection: Connection) => T, otherwise: T): T;
  /** Several statements that are kept together or not at all; joins one that is under way. */
  together<T>(op: () => T): T;
  /** Tells of something that is kept and cannot be used. */
  notice(what: string): void;
}
