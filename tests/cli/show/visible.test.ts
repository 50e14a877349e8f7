import { expect, test } from "bun:test";
import { shellLine, visible } from "../../../src/cli/show/visible.ts";

test.each([
  ["plain text", "plain text"],
  ["wide 漢字 and é 🎉", "wide 漢字 and é 🎉"],
  ["\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"],
  ["two\nlines\r\t", "two\\nlines\\r\\t"],
  ["\x00\x7f\x9b", "\\x00\\x7f\\x9b"],
  ["a\u202eb\u2066c\u2028d", "a\\u202eb\\u2066c\\u2028d"],
])("%j is shown as %j", (text, shown) => {
  expect(visible(text)).toBe(shown);
});

test("a command is shown as a shell takes it", () => {
  expect(shellLine(["cargo", "run", "--", "-x=1"])).toBe("cargo run -- -x=1");
  expect(shellLine(["sh", "-c", "echo it's $HOME"])).toBe("sh -c 'echo it'\\''s $HOME'");
  expect(shellLine(["", "a b"])).toBe("'' 'a b'");
});

test("what is shown of a hostile command is one harmless line that means the same", async () => {
  const command = ["printf", "%s|", "\x1b[2J\nit's\\n", "\u202eevil", "tab\t", "ü"];
  const line = shellLine(command);
  expect(line).toMatch(/^[ -~ü]*$/);
  const shell = Bun.spawn(["bash", "-c", line], { env: { ...process.env, LC_ALL: "C.UTF-8" } });
  expect(await new Response(shell.stdout).text()).toBe(`${command.slice(2).join("|")}|`);
});
