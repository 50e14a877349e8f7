import { expect, test } from "bun:test";
import { LastLine } from "../../src/probes/last-line.ts";

const PIECE = Buffer.from("again\n".repeat(10_000));

/** Gives as many pieces as are asked for, at once, up to so many. */
function flood(most: number) {
  let given = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (given === most) return controller.close();
      given += 1;
      controller.enqueue(PIECE);
    },
  });
  return { stream, given: () => given };
}

test("what a program says last is read whole, however much comes before it", async () => {
  const { stream } = flood(30);
  expect(await new LastLine(stream).read()).toBe("again");
});

test("a flood is read with pauses, and is not waited for", async () => {
  const { stream, given } = flood(50_000);
  expect(await new LastLine(stream).read()).toBe("again");
  expect(given()).toBeLessThan(50_000);
});
