// Every endpoint of the HTTP API, in the order of the documents. A test holds it to the router.

import type { Endpoint } from "../endpoint.ts";
import { DAEMON_ENDPOINTS } from "./daemon.ts";
import { HISTORY_ENDPOINTS } from "./history.ts";
import { INPUT_ENDPOINTS } from "./input.ts";
import { LOG_ENDPOINTS } from "./logs.ts";
import { OUTPUT_ENDPOINTS } from "./output.ts";
import { SESSION_ENDPOINTS } from "./sessions.ts";
import { STATS_ENDPOINTS } from "./stats.ts";
import { WAITING_ENDPOINTS } from "./waiting.ts";

export const ENDPOINTS: readonly Endpoint[] = [
  ...SESSION_ENDPOINTS,
  ...INPUT_ENDPOINTS,
  ...LOG_ENDPOINTS,
  ...OUTPUT_ENDPOINTS,
  ...HISTORY_ENDPOINTS,
  ...STATS_ENDPOINTS,
  ...WAITING_ENDPOINTS,
  ...DAEMON_ENDPOINTS,
];
