import { describe, expect, test } from "bun:test";
import { DETACH_KEY, DETACH_KEY_FORM, DetachKey } from "../../../src/cli/attach/detach-key.ts";

function before(key: string, keys: string): string | undefined {
  const found = new DetachKey(key).before(Buffer.from(keys));
  return found === undefined ? undefined : Buffer.from(found).toString();
}

describe("the detach key is found", () => {
  test.each([
    ["alone", "ctrl-]", "\x1d", ""],
    ["among others", "ctrl-]", "ls\x1dpwd", "ls"],
    ["named in capitals", "CTRL-Q", "x\x11", "x"],
    ["that is no letter", "ctrl-\\", "x\x1c", "x"],
    ["as kitty sends it", "ctrl-]", "x\x1b[93;5u", "x"],
    ["as xterm can send it", "ctrl-q", "x\x1b[27;5;113~", "x"],
    ["the first of several", "ctrl-q", "a\x11b\x1b[113;5u", "a"],
  ])("%s", (_, key, keys, rest) => {
    expect(before(key, keys)).toBe(rest);
  });

  test.each([
    ["in other keys", "ctrl-]", "ls -l]\x1b[A\x03"],
    ["in a key that looks like it", "ctrl-q", "q"],
  ])("but not %s", (_, key, keys) => {
    expect(before(key, keys)).toBeUndefined();
  });
});

test("its names are those of control characters", () => {
  for (const name of [DETACH_KEY, "ctrl-a", "Ctrl-Z", "ctrl-@", "ctrl-^", "ctrl-_", "ctrl-["]) {
    expect(DETACH_KEY_FORM.matches(name)).toBe(true);
  }
  for (const name of ["", "q", "ctrl-", "ctrl-1", "ctrl-qq", "alt-q", "^q", "F1"]) {
    expect(DETACH_KEY_FORM.matches(name)).toBe(false);
  }
  expect(new DetachKey("ctrl-q").label).toBe("Ctrl-Q");
});
