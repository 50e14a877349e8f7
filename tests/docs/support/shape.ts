// Whether something looks like its example: the same words, with other ids, pids and times.

/** Text with everything that differs from run to run replaced by what it is. */
export function shapeOf(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "TIME")
    .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "UUID")
    .replace(/(?<![\w.])[0-9a-f]{8}(?![\w.])/g, "SHORT-ID")
    .replace(/(?<![\w.])\d+(ms|s|m|h)( \d+(s|m|h))?(?![\w.])/g, "DURATION")
    .replace(/(?<=(running|pid|daemon \(pid) +)\d+/g, "PID")
    .replace(/\d+(?= +TIME)/g, "PID")
    .replace(/ {2,}/g, "  ");
}

/** Strings that are part of what is documented; others differ from run to run. */
const FIXED = ["service", "stream", "line", "kind", "code", "message", "field", "expected"];

/**
 * Where a JSON value does not have the shape of an example: the same fields, of the same types, and
 * each element of an array like the first one shown. Undefined where it has. `null` may stand for
 * anything, and does.
 */
export function difference(example: unknown, actual: unknown, path = "$"): string | undefined {
  if (example === null || actual === null) return undefined;
  if (Array.isArray(example)) return arrayDifference(example, actual, path);
  if (typeof example === "object") return objectDifference(example, actual, path);
  if (typeof example !== typeof actual) {
    return `${path} is ${JSON.stringify(actual)}, shown as ${JSON.stringify(example)}`;
  }
  const isFixed = FIXED.includes(path.slice(path.lastIndexOf(".") + 1));
  const same = isFixed ? example === actual : shapeClass(example) === shapeClass(actual);
  return same ? undefined : `${path} is ${JSON.stringify(actual)}, shown as ${example}`;
}

function arrayDifference(example: readonly unknown[], actual: unknown, path: string) {
  if (!Array.isArray(actual)) return `${path} is no array`;
  const [first] = example;
  // A log is shown whole, a list by one of what is in it; events by one of their kind.
  const pairs = path.endsWith(".entries")
    ? actual.map((element, index) => [example[index], element])
    : actual.filter((element) => kindOf(element) === kindOf(first)).map((each) => [first, each]);
  const mayBeEmpty = first === undefined || path.endsWith(".removed");
  if (pairs.length === 0 && !mayBeEmpty) return `${path} has nothing like what is shown`;
  for (const [index, [like, element]] of pairs.entries()) {
    const found = difference(like, element, `${path}[${index}]`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The `type` of what has one. */
function kindOf(element: unknown): unknown {
  return typeof element === "object" && element !== null && "type" in element
    ? element.type
    : undefined;
}

function objectDifference(example: object, actual: unknown, path: string) {
  if (typeof actual !== "object" || actual === null) return `${path} is no object`;
  const [shown, there] = [Object.keys(example).sort(), Object.keys(actual).sort()];
  if (shown.join() !== there.join()) return `${path} has ${there}, shown with ${shown}`;
  for (const [key, value] of Object.entries(example)) {
    const found = difference(value, (actual as Record<string, unknown>)[key], `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What kind of string it is. */
function shapeClass(value: unknown): string {
  if (typeof value !== "string" || value === "…") return typeof value;
  const shape = shapeOf(value);
  return shape === "TIME" ? shape : "string";
}
