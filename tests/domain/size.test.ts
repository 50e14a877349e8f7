import { expect, test } from "bun:test";
import { formatSize, parseSize } from "../../src/domain/size.ts";

const MIB = 1_048_576;

test("a size is bytes, or a number with a unit that is a power of 1024", () => {
  const forms = {
    "0": 0,
    "4096": 4_096,
    "100b": 100,
    "64k": 65_536,
    "64K": 65_536,
    "512M": 512 * MIB,
    "512MB": 512 * MIB,
    "512MiB": 512 * MIB,
    " 1.5G ": 1_536 * MIB,
    "2t": 2 * MIB * MIB,
  };
  for (const [text, bytes] of Object.entries(forms)) expect(parseSize(text)).toBe(bytes);
  expect(parseSize(536_870_912)).toBe(536_870_912);
  expect(parseSize(12.4)).toBe(12);
});

test("anything else is no size", () => {
  const texts = [
    "",
    "much",
    "-1M",
    "1 M",
    "M",
    "1e3",
    "1M2K",
    ".5M",
    "1P",
    "9007199254740993",
    "1iB",
  ];
  for (const text of texts) expect(parseSize(text)).toBeUndefined();
  for (const bytes of [-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]) {
    expect(parseSize(bytes)).toBeUndefined();
  }
});

test("a size is shown in the largest unit that it fills, with a decimal only below ten", () => {
  const forms = {
    "0 B": -5,
    "812 B": 812,
    "1 KiB": 1_024,
    "64 KiB": 65_536,
    "1.5 MiB": 1.5 * MIB,
    "100 MiB": 100.4 * MIB,
    "1 GiB": 1_023.9 * MIB,
    "1023 MiB": 1_023.2 * MIB,
    "2.5 TiB": 2.5 * MIB * MIB,
  };
  for (const [text, bytes] of Object.entries(forms)) expect(formatSize(bytes)).toBe(text);
});
