// Does what README.md says, from its first line to its last, on a machine of its own: a home with
// nothing in it, and a copy of this checkout in which nothing was installed.
//
// Typed in place of what stands there: a free port for 7777, and a server on the loopback for the
// address that install.sh is downloaded from. npm brings what this checkout has.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Machine } from "../install/machine.ts";
import { processesWith } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import {
  type Block,
  blocksOf,
  commandsOf,
  type Example,
  ROOT,
  readDocument,
} from "./support/markdown.ts";
import { shapeOf } from "./support/shape.ts";
import { Typist } from "./support/typist.ts";

const readme = readDocument("README.md");
const blocks = blocksOf(readme);
const DOWNLOAD = "https://raw.githubusercontent.com/korun-dev/korun/main/install.sh";

/** What `npm ci` would bring; anything else is npm's own to do. */
const NPM = `
if [ "$1" != ci ]; then exec ${Bun.which("npm")} "$@"; fi
mkdir -p node_modules
for entry in ${ROOT}/node_modules/* ${ROOT}/node_modules/.bin; do
  ln -sfn "$entry" "node_modules/\${entry##*/}"
done`;

let machine: Machine;
let checkout: string;
let server: Bun.Server<undefined>;
let typist: Typist;

beforeAll(() => {
  machine = new Machine();
  checkout = join(machine.root, "korun");
  mkdirSync(checkout);
  const needed = ["install.sh", "index.ts", "src", "scripts", "package.json", "package-lock.json"];
  for (const name of needed) cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
  machine.fake("npm", NPM);
  server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: release });
  const port = freePort();
  typist = new Typist({
    cwd: checkout,
    env: {
      HOME: machine.home,
      TMPDIR: machine.root,
      PATH: `${machine.home}/.local/bin:${machine.bin}:${process.env.PATH}`,
      NO_PROXY: "*",
      KORUN_PORT: String(port),
      KORUN_BASE_URL: `http://127.0.0.1:${server.port}`,
      MARK: machine.root,
    },
    replacements: {
      "127.0.0.1:7777": `127.0.0.1:${port}`,
      [DOWNLOAD]: `http://127.0.0.1:${server.port}/install.sh`,
      "/home/me/hello": join(checkout, "hello"),
    },
  });
});

afterAll(async () => {
  await typist.type("korun daemon stop");
  await typist[Symbol.asyncDispose]();
  await server.stop(true);
  const left = () => processesWith(`MARK=${machine.root}`);
  await waitFor("processes to go", () => left().length === 0).catch(() => undefined);
  expect(left()).toEqual([]);
  machine[Symbol.dispose]();
});

test("everything that is shown is run, but for what runs these tests", () => {
  const languages = new Set(blocks.map(({ language }) => language));
  expect([...languages].sort()).toEqual(["console", "make", "sh"]);
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  for (const [, name = ""] of readme.matchAll(/npm (?:run )?(test|build:all|build|bench)\b/g)) {
    expect(Object.keys(scripts)).toContain(name);
  }
});

test("it is installed by two commands, in a checkout or by its installer", async () => {
  const [fromCheckout, downloaded, ...rest] = blocks.filter(inSection("Install"));
  expect(rest).toEqual([]);
  await typeAll(fromCheckout);
  expect(machine.installed()).toMatch(/^korun \d+\.\d+\.\d+$/);
  await typeAll(downloaded);
  expect(machine.leftovers()).toEqual(["korun"]);
});

test("the first five minutes are as they are shown", async () => {
  for (const block of blocks.filter(inSection("The first five minutes"))) await typeAll(block);
});

test("every endpoint can be asked with curl", async () => {
  for (const block of blocks.filter(inSection("With curl"))) await typeAll(block);
  const typed = blocks
    .filter(inSection("With curl"))
    .map(({ text }) => text)
    .join("");
  const rows = readDocument("docs/api.md").matchAll(/^\| `(GET|POST|DELETE)` \| \[`([^`]+)`\]/gm);
  for (const [, method = "", path = ""] of rows) {
    const address = `http://127.0.0.1:7777${path.replace("{id}", "[a-z]+")}["?\n]`;
    // This one is for the socket, whose path differs.
    if (path.endsWith("upgrade")) continue;
    const body = /(sessions|prune|input|resize)$/.test(path) ? " -d '.*' " : ` -X ${method} "?`;
    const line = new RegExp(`^curl -s${method === "GET" ? 'N? "?' : body}${address}`, "m");
    expect([path, method, line.test(`${typed} `)]).toEqual([path, method, true]);
  }
});

test("the Makefile's targets do what they say", async () => {
  // The daemon was asked to stop above, and a reader takes a moment.
  await waitFor("it to stop", async () => (await typist.type("korun daemon status")).code === 1);
  const [makefile] = blocks.filter(inSection("In a Makefile"));
  writeFileSync(join(checkout, "hello/Makefile"), makefile?.text ?? "");
  writeFileSync(join(checkout, "hello/src/web.sh"), 'echo "port $PORT"; exec sleep 1000\n');
  expect((await typist.type("make -s up")).stdout).toMatch(/^[0-9a-f-]{36}\n$/);
  const checked = await typist.type("make -s check");
  expect(checked).toMatchObject({ code: 0, stderr: "" });
  expect(shapeOf(checked.stdout)).toContain("UUID stopped\n");
  expect((await typist.type("make -s down")).stdout).toContain("web stopped\n");
});

test("what is built is where it is said to be", async () => {
  await typist.type(`cd ${checkout}`);
  for (const { command } of commandsOf(expectOne(blocks.filter(inSection("Develop"))))) {
    // This is run by it.
    if (command === "npm test") continue;
    expect([command, (await typist.type(command)).code]).toEqual([command, 0]);
  }
  expect(existsSync(join(checkout, "dist/korun"))).toBe(true);
});

test("uninstalling leaves nothing", async () => {
  for (const block of blocks.filter(inSection("Uninstall"))) await typeAll(block);
  const files = readdirSync(machine.home, { recursive: true }) as string[];
  expect(files.filter((file) => file.includes("korun"))).toEqual([]);
});

function inSection(section: string): (block: Block) => boolean {
  return (block) => block.section === section;
}

function expectOne(found: readonly Block[]): Block {
  const [block, ...rest] = found;
  if (block === undefined || rest.length > 0) throw new Error(`wanted one, not ${found.length}`);
  return block;
}

/** Types what a block says; what it shows must come of it. */
async function typeAll(block: Block | undefined): Promise<void> {
  if (block === undefined) throw new Error("there is no such block");
  const examples = commandsOf(block);
  for (const [place, example] of examples.entries()) {
    // A command may fail where the next one shows how it ended.
    const mayFail = examples[place + 1]?.command === "echo $?";
    await typeOne(example, mayFail);
  }
}

async function typeOne({ command, output }: Example, mayFail: boolean): Promise<void> {
  const expected = output === undefined ? undefined : shapeOf(output);
  // A reader takes a moment between saving and looking; who only looks can look again.
  const onlyLooks = /^korun (ls|tail|why|runs)/.test(command);
  const wanted = { command, code: 0, stdout: expected };
  let seen = wanted;
  await waitFor("it to be as shown", async () => {
    const { code, stdout } = await typist.type(command);
    seen = { command, code: mayFail ? 0 : code, stdout: expected && shapeOf(stdout) };
    return !onlyLooks || Bun.deepEquals(seen, wanted);
  }).catch(() => undefined);
  expect(seen).toEqual(wanted);
}

/** The files of a release: the executable that was just built, and its checksum. */
async function release(request: Request): Promise<Response> {
  const name = new URL(request.url).pathname.slice(1);
  const built = join(checkout, "dist/korun");
  if (name === "install.sh") return new Response(Bun.file(join(checkout, name)));
  if (/^korun-(linux|darwin)-/.test(name)) return new Response(Bun.file(built));
  const hash = new Bun.CryptoHasher("sha256").update(readFileSync(built)).digest("hex");
  const platforms = ["linux-x64", "linux-arm64", "linux-x64-musl", "darwin-x64", "darwin-arm64"];
  return new Response(platforms.map((platform) => `${hash}  korun-${platform}\n`).join(""));
}

function freePort(): number {
  const probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = probe;
  probe.stop(true);
  return port;
}
