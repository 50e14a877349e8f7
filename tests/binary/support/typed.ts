// Commands as people type them: by a real shell, with real curl, the port aside.

import type { Korun, Result } from "../../support/korun.ts";

/**
 * Runs a line as typed, with the test's own port in place of 7777. Of a pipeline the last
 * command's end counts.
 */
export async function typed(korun: Korun, line: string): Promise<Result> {
  const { port } = new URL(await korun.url());
  const child = Bun.spawn(["sh", "-c", line.replaceAll("127.0.0.1:7777", `127.0.0.1:${port}`)], {
    cwd: korun.work,
    env: { ...korun.env, NO_PROXY: "127.0.0.1" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** The JSON that a typed line prints. */
export async function typedJson<T = unknown>(korun: Korun, line: string): Promise<T> {
  const { code, stdout, stderr } = await typed(korun, line);
  if (code !== 0) throw new Error(`${line} exited with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}
