import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { waitFor } from "../support/wait.ts";
import { INSTALLER, Machine, type Outcome } from "./machine.ts";
import { PLATFORMS, Release, sha256 } from "./release.ts";

let release: Release;
let machine: Machine;

beforeEach(() => {
  release = new Release();
  useMachine(new Machine());
});

afterEach(async () => {
  machine[Symbol.dispose]();
  await release[Symbol.asyncDispose]();
});

describe("piped into a shell", () => {
  const shells = [["sh"], ["bash"], ["dash"], ["busybox", "sh"], ["zsh"]];
  const present = shells.filter(([shell = ""]) => Bun.which(shell) !== null);

  test.each(present.map((shell) => [shell.join(" "), shell] as const))(
    "%s, the release for this machine is installed",
    async (_, shell) => {
      const { code, stdout, stderr } = await machine.pipe(shell).outcome;
      expect(stderr).toBe("");
      expect(code).toBe(0);
      expect(machine.installed()).toStartWith("korun 2.0.0 for ");
      expect(stdout).toContain(`installed ${machine.target} (korun 2.0.0 for`);
      expect(machine.leftovers()).toEqual(["korun"]);
      expect(statSync(machine.target).mode & 0o777).toBe(0o755);
    },
  );

  test("it goes to KORUN_INSTALL_DIR, whatever its name", async () => {
    machine.env.KORUN_INSTALL_DIR = join(machine.root, "my own/b i n");
    await succeed();
    expect(readFileSync(join(machine.root, "my own/b i n/korun"), "utf8")).toContain("2.0.0");
    expect(machine.installed()).toBeUndefined();
  });

  test("a relative KORUN_INSTALL_DIR is below the working directory", async () => {
    machine.env.KORUN_INSTALL_DIR = "tools";
    expect((await succeed()).stdout).toContain(join(machine.root, "tools/korun"));
  });

  test("in the folder of a checkout, it still downloads", async () => {
    const piped = machine.start(["sh"], {
      cwd: dirname(INSTALLER),
      input: readFileSync(INSTALLER, "utf8"),
    });
    expect((await piped.outcome).code).toBe(0);
    expect(machine.installed()).toStartWith("korun 2.0.0");
  });

  test("a base URL with a closing slash is the same", async () => {
    machine.env.KORUN_BASE_URL = `${release.url}/`;
    await succeed();
    expect(release.asked[0]).toBe("SHA256SUMS");
  });

  test("half a script does nothing, wherever it was cut", async () => {
    const script = readFileSync(INSTALLER, "utf8");
    const cuts = [...script.matchAll(/\n/g)].map(({ index }) => index + 1);
    expect(script.slice(cuts.at(-2))).toBe('main "$@"\n');
    const halves = cuts.slice(0, -1).map((end) => script.slice(0, end));
    halves.push(`${halves.at(-1)}mai`);
    for (const half of halves) await machine.pipe(["sh"], half).outcome;
    expect(release.asked).toEqual([]);
    expect(machine.leftovers()).toEqual([]);
  });
});

test("as a file outside a checkout, it downloads too", async () => {
  copyFileSync(INSTALLER, join(machine.root, "install.sh"));
  expect((await machine.start(["sh", "install.sh"]).outcome).code).toBe(0);
  expect(machine.installed()).toStartWith("korun 2.0.0");
});

describe("an older korun", () => {
  test("is replaced", async () => {
    machine.putOldKorun();
    await succeed();
    expect(machine.installed()).toStartWith("korun 2.0.0");
    expect(machine.leftovers()).toEqual(["korun"]);
  });

  test("is replaced while it runs, and runs on", async () => {
    mkdirSync(dirname(machine.target), { recursive: true });
    copyFileSync(Bun.which("sleep") ?? "", machine.target);
    const old = Bun.spawn([machine.target, "600"]);
    await succeed();
    expect(machine.installed()).toStartWith("korun 2.0.0");
    expect(old.exitCode).toBeNull();
    old.kill("SIGKILL");
    await old.exited;
  });
});

describe("the platform", () => {
  test.each([
    ["Linux", "x86_64", "glibc", "linux-x64"],
    ["Linux", "amd64", "glibc", "linux-x64"],
    ["Linux", "aarch64", "glibc", "linux-arm64"],
    ["Linux", "x86_64", "musl", "linux-x64-musl"],
    ["Linux", "aarch64", "musl", "linux-arm64-musl"],
    ["Darwin", "x86_64", "", "darwin-x64"],
    ["Darwin", "arm64", "", "darwin-arm64"],
  ])("of %s on %s with %s is named %s", async (system, processor, libc, platform) => {
    pretend(system, processor, libc);
    await succeed();
    expect(machine.installed()).toBe(`korun 2.0.0 for ${platform}`);
  });

  test("of an Intel shell on an Apple processor is the processor's", async () => {
    pretend("Darwin", "x86_64", "");
    machine.fake("sysctl", "echo 1");
    await succeed();
    expect(machine.installed()).toBe("korun 2.0.0 for darwin-arm64");
  });

  test.each([
    ["SunOS", "x86_64", "there is no korun for SunOS"],
    ["Linux", "riscv64", "there is no korun for Linux on riscv64"],
    ["MINGW64_NT-10.0", "x86_64", "Install it in WSL"],
  ])("of %s on %s is refused before anything is downloaded", async (system, processor, message) => {
    machine.putOldKorun();
    pretend(system, processor, "glibc");
    expectFailure(await machine.pipe().outcome, message);
    expect(release.asked).toEqual([]);
  });

  test("that a release lacks is refused", async () => {
    machine.putOldKorun();
    release.files.set("SHA256SUMS", `${sha256("")}  korun-plan9-x64\n`);
    expectFailure(await machine.pipe().outcome, "this release has no korun for");
  });
});

describe("what was there is left, and the reason told, when", () => {
  beforeEach(() => machine.putOldKorun());

  test("the checksum is wrong", async () => {
    const sums = PLATFORMS.map((platform) => `${sha256("another")}  korun-${platform}\n`);
    release.files.set("SHA256SUMS", sums.join(""));
    expectFailure(await machine.pipe().outcome, /the checksum of korun-\S+ is wrong/);
  });

  test("there is no such release", async () => {
    machine.env.KORUN_BASE_URL = `${release.url}/none`;
    expectFailure(await machine.pipe().outcome, `cannot download ${release.url}/none/SHA256SUMS`);
  });

  test("there are checksums and no file", async () => {
    for (const platform of PLATFORMS) release.files.delete(`korun-${platform}`);
    expectFailure(await machine.pipe().outcome, `cannot download ${release.url}/korun-`);
  });

  test("the network is away", async () => {
    const { url } = release;
    await release[Symbol.asyncDispose]();
    expectFailure(await machine.pipe().outcome, `cannot download ${url}/SHA256SUMS`);
  });

  test("the connection is cut in the middle", async () => {
    const cutter = await startCutter();
    const { port } = cutter.address() as { port: number };
    const redirect = () => Response.redirect(`http://127.0.0.1:${port}/`);
    for (const platform of PLATFORMS) release.files.set(`korun-${platform}`, redirect);
    const outcome = await machine.pipe().outcome;
    await new Promise((resolve) => cutter.close(resolve));
    expectFailure(outcome, `cannot download ${release.url}/korun-`);
  });

  test("the new one does not run on this machine", async () => {
    release.setProgram("#!/bin/sh\necho 'libstdc++.so.6 is missing' >&2\nexit 127\n");
    const outcome = await machine.pipe().outcome;
    expectFailure(outcome, "the new korun does not run here:\nlibstdc++.so.6 is missing");
    expect(outcome.stderr).toContain("apk add libstdc++");
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "%s comes while it downloads",
    async (signal) => {
      const never = Promise.withResolvers<Response>();
      for (const platform of PLATFORMS) release.files.set(`korun-${platform}`, () => never.promise);
      const { pid, outcome } = machine.pipe();
      await waitFor("the download to begin", () => release.asked.length === 2);
      expect(machine.leftovers().length).toBeGreaterThan(1);
      process.kill(-pid, signal);
      const { code } = await outcome;
      never.resolve(new Response());
      expect(code).toBeGreaterThan(128);
      expectUntouched();
    },
  );

  test("there is neither curl nor wget", async () => {
    useMachine(new Machine(["sha256sum"]));
    machine.putOldKorun();
    expectFailure(await machine.pipe().outcome, "neither curl nor wget is on PATH");
  });

  test("there is nothing to verify with", async () => {
    useMachine(new Machine(["curl"]));
    machine.putOldKorun();
    expectFailure(await machine.pipe().outcome, "sha256sum, shasum and openssl are missing");
  });
});

describe("the same is done with", () => {
  const combinations = [
    ["wget", "sha256sum"],
    ["curl", "shasum"],
    ["curl", "openssl"],
  ].filter((tools) => tools.every((tool) => Bun.which(tool) !== null));

  test.each(combinations)("%s and %s", async (...tools) => {
    useMachine(new Machine(tools));
    await succeed();
    expect(machine.installed()).toStartWith("korun 2.0.0");
    machine.putOldKorun();
    const sums = PLATFORMS.map((platform) => `${sha256("another")}  korun-${platform}\n`);
    release.files.set("SHA256SUMS", sums.join(""));
    expectFailure(await machine.pipe().outcome, "is wrong");
  });
});

describe("a place that cannot be used is named:", () => {
  test("a folder that cannot be made", async () => {
    writeFileSync(join(machine.root, "file"), "");
    machine.env.KORUN_INSTALL_DIR = join(machine.root, "file/bin");
    const { code, stderr } = await machine.pipe().outcome;
    expect(code).toBe(1);
    expect(stderr).toContain(`cannot make the folder ${machine.root}/file/bin`);
    expect(stderr).toContain("Set KORUN_INSTALL_DIR");
  });

  test("a folder in korun's place", async () => {
    mkdirSync(machine.target, { recursive: true });
    const { code, stderr } = await machine.pipe().outcome;
    expect(code).toBe(1);
    expect(stderr).toContain(`${machine.target} is a folder`);
  });

  test("no home", async () => {
    machine.env.HOME = undefined;
    const { code, stderr } = await machine.pipe().outcome;
    expect(code).toBe(1);
    expect(stderr).toContain("HOME is not set");
  });
});

describe("PATH", () => {
  test("is spoken of when the folder is not on it", async () => {
    expect((await succeed()).stdout).toContain(`export PATH="${dirname(machine.target)}:$PATH"`);
  });

  test("is not spoken of when the folder is on it", async () => {
    machine.env.PATH = `${dirname(machine.target)}:${machine.bin}`;
    expect((await succeed()).stdout).not.toContain("PATH");
  });

  test("is spoken of when another korun comes first", async () => {
    machine.fake("korun", "echo another");
    machine.env.PATH = `${machine.bin}:${dirname(machine.target)}`;
    expect((await succeed()).stdout).toContain(
      `another korun comes first on PATH: ${machine.bin}/korun`,
    );
  });
});

function useMachine(next: Machine): void {
  machine?.[Symbol.dispose]();
  machine = next;
  machine.env.KORUN_BASE_URL = release.url;
}

async function succeed(): Promise<Outcome> {
  const outcome = await machine.pipe().outcome;
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  return outcome;
}

function expectFailure({ code, stderr }: Outcome, message: string | RegExp): void {
  if (typeof message === "string") expect(stderr).toContain(message);
  else expect(stderr).toMatch(message);
  expect(stderr).toContain("Nothing was changed.");
  expect(code).toBe(1);
  expectUntouched();
}

function expectUntouched(): void {
  expect(machine.installed()).toBe("korun 1.0.0");
  expect(machine.leftovers()).toEqual(["korun"]);
}

/** Makes the machine look like another to those who ask it. */
function pretend(system: string, processor: string, libc: string): void {
  machine.fake("uname", `[ "$1" = -m ] && echo ${processor} || echo ${system}`);
  machine.fake("getconf", libc === "glibc" ? "echo glibc 2.36" : "exit 1");
  machine.fake("ldd", libc === "musl" ? "echo 'musl libc (x86_64)' >&2; exit 1" : "exit 1");
  machine.fake("sysctl", "exit 1");
}

/** A server that promises a thousand bytes and gives nine. */
async function startCutter(): Promise<Server> {
  const server = createServer((socket) => {
    socket.resume().end("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n#!/bin/sh");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
