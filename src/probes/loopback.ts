// The addresses at which a machine reaches itself.

/** What `localhost` means: either. */
export const LOOPBACK: readonly string[] = ["127.0.0.1", "::1"];

/** Whether an address is one of the loopback interface. */
export function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

/**
 * The addresses of the host of a URL, in the order in which to try them. Throws the system's error
 * for a name that has none.
 */
export async function addressesOf(hostname: string): Promise<readonly string[]> {
  const host = hostname.replace(/^\[|\]$/g, "");
  if (host === "localhost" || host.endsWith(".localhost")) return LOOPBACK;
  // To connect to the wildcard is to connect to oneself.
  if (host === "0.0.0.0") return ["127.0.0.1"];
  if (host === "::") return ["::1"];
  if (host.startsWith("::ffff:")) return [unmapped(host)];
  if (host.includes(":") || /^[\d.]+$/.test(host)) return [host];
  // Loaded when it is needed: it takes a part of Node with it that nothing else here uses.
  const { lookup } = await import("node:dns/promises");
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/** `127.0.0.1` of `::ffff:7f00:1`: sockets that listen there are known by the former. */
function unmapped(address: string): string {
  const groups = address.slice("::ffff:".length).split(":");
  if (groups.length !== 2) return address;
  const bytes = groups.map((group) => Number.parseInt(group, 16)).flatMap((g) => [g >> 8, g & 255]);
  return bytes.join(".");
}
