// The forms that flag values have.

import { DURATION_FORM, parseDuration } from "../../domain/duration.ts";
import { MOMENT_FORM, parseMoment } from "../../domain/moment.ts";
import { parseSize, SIZE_FORM } from "../../domain/size.ts";
import type { Form } from "./signature.ts";

export const COUNT: Form = {
  words: "a non-negative integer",
  matches: (value) => /^\d+$/.test(value) && Number.isSafeInteger(Number(value)),
};

export const RUN: Form = {
  words: "the number of a run, or last",
  matches: (value) => value === "last" || COUNT.matches(value),
};

export const DURATION: Form = {
  words: DURATION_FORM,
  matches: (value) => parseDuration(value) !== undefined,
};

export const SIZE: Form = {
  words: SIZE_FORM,
  matches: (value) => parseSize(value) !== undefined,
};

export const PORT: Form = {
  words: "a port from 1 to 65535",
  matches: (value) => COUNT.matches(value) && Number(value) >= 1 && Number(value) <= 65_535,
};

export const VARIABLE: Form = {
  words: "NAME=VALUE (the command has your whole environment anyway)",
  matches: (value) => value.indexOf("=") > 0,
};

/** Anything but nothing, which is mostly a variable that is unset. */
export function something(words: string): Form {
  return { words, matches: (value) => value !== "" };
}

export const HTTP_URL: Form = {
  words: "an http:// or https:// URL",
  matches: (value) => /^https?:\/\/./i.test(value),
};

export const MOMENT: Form = {
  words: MOMENT_FORM,
  matches: (value) => parseMoment(value) !== undefined,
};

export const CURSOR: Form = {
  words: "the number of an entry, or with a column of it, such as 12:4",
  matches: (value) => /^\d{1,15}(?::\d{1,15})?$/.test(value),
};

/** Of sessions, and of those who read a diff. */
export const NAME: Form = {
  words: "1 to 64 letters, digits, dots, dashes or underscores, starting with a letter or digit",
  matches: (value) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value),
};

export const PATTERN: Form = {
  words: "1 to 1000 characters",
  matches: (value) => value.length >= 1 && value.length <= 1_000,
};

/** The number in a flag of form `COUNT`, if it was given. */
export function countIn(value: string | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}
