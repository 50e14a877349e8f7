// The version of this korun, for its own `--version` and to compare with a daemon's.

import { version } from "../../package.json" with { type: "json" };

/** Such as `1.2.3`. */
export const VERSION: string = version;
