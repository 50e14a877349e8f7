// Builds the executable: `npm run build` for this machine, `npm run build:all` for every platform,
// with the checksums that install.sh verifies.

import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { smokeTest } from "./smoke.ts";

const root = join(import.meta.dir, "..");
const dist = join(root, "dist");

/** Asset names as install.sh asks for them: `korun-<os>-<arch>[-musl]`. */
const PLATFORMS = {
  "linux-x64": "bun-linux-x64",
  "linux-arm64": "bun-linux-arm64",
  "linux-x64-musl": "bun-linux-x64-musl",
  "linux-arm64-musl": "bun-linux-arm64-musl",
  "darwin-x64": "bun-darwin-x64",
  "darwin-arm64": "bun-darwin-arm64",
} as const satisfies Record<string, Bun.Build.CompileTarget>;

await mkdir(dist, { recursive: true });
if (process.argv.includes("--all")) await buildAll();
else await build("korun");

async function buildAll(): Promise<void> {
  const sums: string[] = [];
  for (const [platform, target] of Object.entries(PLATFORMS)) {
    const name = `korun-${platform}`;
    const file = await build(name, target);
    sums.push(`${await sha256(file)}  ${name}\n`);
  }
  await Bun.write(join(dist, "SHA256SUMS"), sums.join(""));
  for (const platform of Object.keys(PLATFORMS)) {
    console.log(await smokeTest(platform, join(dist, `korun-${platform}`)));
  }
}

/** Writes dist/<name>, all at once: a daemon may be running from the old one. */
async function build(name: string, target?: Bun.Build.CompileTarget): Promise<string> {
  const file = join(dist, name);
  const folder = await mkdtemp(join(dist, ".build-"));
  const unfinished = join(folder, name);
  try {
    await Bun.build({
      // The capture thread is an entry of its own: a worker is loaded by its path.
      entrypoints: [join(root, "index.ts"), join(root, "src/capture/thread.ts")],
      root,
      target: "bun",
      format: "esm",
      // A command loads its own part only: a third less time for `korun ls`.
      splitting: true,
      minify: true,
      // For the stacks in the daemon's log; the executable holds a copy of its own.
      sourcemap: "linked",
      bytecode: true,
      compile: {
        ...(target === undefined ? {} : { target }),
        outfile: unfinished,
        // What lies in the folder that a command is typed in is none of korun's business.
        autoloadDotenv: false,
        autoloadBunfig: false,
        autoloadTsconfig: false,
        autoloadPackageJson: false,
      },
    });
    await rename(unfinished, file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  console.log(`built ${file} (${Math.round(Bun.file(file).size / 1e6)} MB)`);
  return file;
}

async function sha256(path: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of createReadStream(path)) hasher.update(chunk as Uint8Array);
  return hasher.digest("hex");
}
