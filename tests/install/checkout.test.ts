import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Machine, type Outcome } from "./machine.ts";

const ROOT = join(import.meta.dir, "../..");

/** Does what `npm ci` does, from what this checkout has, and notes how it was called. */
const NPM = `
echo "$PWD: $*" >> "$HOME/npm.log"
rm -rf node_modules
mkdir node_modules
for entry in ${ROOT}/node_modules/* ${ROOT}/node_modules/.bin; do
  ln -s "$entry" "node_modules/\${entry##*/}"
done
`;

let machine: Machine;
let checkout: string;

beforeEach(() => {
  machine = new Machine(["ln"]);
  machine.fake("npm", NPM);
  checkout = join(machine.root, "src of korun");
  mkdirSync(checkout);
  const needed = ["install.sh", "index.ts", "src", "scripts", "package.json", "package-lock.json"];
  for (const name of needed) cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
});

afterEach(() => machine[Symbol.dispose]());

test("with npm and no Bun, a checkout is built and installed, and only the checkout is written to", async () => {
  const { code, stdout, stderr } = await install();
  expect(stderr).toContain("installing the packages");
  expect(code).toBe(0);
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  expect(machine.installed()).toBe(`korun ${version}`);
  expect(stdout).toContain(`installed ${machine.target} (korun ${version})`);
  expect(machine.leftovers()).toEqual(["korun"]);
  expect(readdirSync(machine.home).sort()).toEqual([".local", "npm.log"]);
  expect(npmCalls()).toEqual([
    `${checkout}: ci --include=dev --include=optional --no-audit --no-fund --no-update-notifier --loglevel=error`,
  ]);
});

test("what npm brought is used again until the lockfile changes", async () => {
  await setUp();
  await setUp();
  expect(npmCalls().length).toBe(1);
  appendFileSync(join(checkout, "package-lock.json"), "\n");
  await setUp();
  await setUp();
  expect(npmCalls().length).toBe(2);
});

test("without npm, it says what to install, and what was there is left", async () => {
  machine.putOldKorun();
  machine.fake("npm", "");
  chmodSync(join(machine.bin, "npm"), 0o644);
  const { code, stderr } = await install();
  expect(code).toBe(1);
  expect(stderr).toContain("Install Node.js 20 or newer");
  expect(stderr).toContain("Nothing was changed.");
  expect(machine.installed()).toBe("korun 1.0.0");
  expect(machine.leftovers()).toEqual(["korun"]);
});

test("a build that fails leaves what was there", async () => {
  machine.putOldKorun();
  writeFileSync(join(checkout, "index.ts"), "import './nowhere.ts';\n");
  const { code, stderr } = await install();
  expect(code).toBe(1);
  expect(stderr).toContain("nowhere.ts");
  expect(stderr).toContain("the build failed");
  expect(machine.installed()).toBe("korun 1.0.0");
  expect(machine.leftovers()).toEqual(["korun"]);
});

test("a Bun whose install script npm did not run is put in place", async () => {
  const bun = join(checkout, "node_modules/bun");
  mkdirSync(join(checkout, "node_modules/.bin"), { recursive: true });
  mkdirSync(join(bun, "bin"), { recursive: true });
  cpSync(join(checkout, "package-lock.json"), join(checkout, "node_modules/.korun-lock"));
  symlinkSync("../bun/bin/bun.exe", join(checkout, "node_modules/.bin/bun"));
  writeFileSync(
    join(bun, "install.js"),
    `require("fs").symlinkSync(${JSON.stringify(process.execPath)}, "${bun}/bin/bun.exe")`,
  );
  const { code } = await setUp();
  expect(code).toBe(0);
  expect(existsSync(join(checkout, "node_modules/.bin/bun"))).toBe(true);
  expect(npmCalls()).toEqual([]);
});

function install(): Promise<Outcome> {
  return machine.start(["sh", join(checkout, "install.sh")]).outcome;
}

function setUp(): Promise<Outcome> {
  return machine.start(["sh", join(checkout, "scripts/setup.sh")]).outcome;
}

/** The folder and the arguments of each call. */
function npmCalls(): string[] {
  const log = join(machine.home, "npm.log");
  return existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : [];
}
