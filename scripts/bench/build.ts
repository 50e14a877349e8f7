// The executables that are measured. Both lie in a place of their own: memory that other users of
// the same file share would count for less.

import { copyFileSync } from "node:fs";
import { join } from "node:path";
import type { Place } from "./place.ts";

const root = join(import.meta.dir, "../..");

/** Builds korun, unless KORUN_BIN names one, and copies it into `place`. */
export async function provideKorun(place: Place): Promise<string> {
  const given = process.env.KORUN_BIN;
  if (given === undefined) await place.run([process.execPath, join(root, "scripts/build.ts")]);
  const copy = place.path("korun-under-test");
  copyFileSync(given ?? join(root, "dist/korun"), copy);
  return copy;
}

/** Compiles the bare server, in the way that scripts/build.ts compiles korun. */
export async function provideBare(place: Place): Promise<string> {
  const outfile = place.path("bare-server");
  await Bun.build({
    entrypoints: [join(import.meta.dir, "bare.ts")],
    target: "bun",
    format: "esm",
    minify: true,
    bytecode: true,
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
  });
  return outfile;
}
