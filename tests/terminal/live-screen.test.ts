import { describe, expect, test } from "bun:test";
import { LiveScreen } from "../../src/terminal/live-screen.ts";
import { render } from "../support/rendered.ts";
import { waitFor } from "../support/wait.ts";
import { FakeOutput } from "./output.ts";

const SIZE = { cols: 40, rows: 10 };
const MIB = 1_048_576;

async function open(output: FakeOutput, start = 0): Promise<LiveScreen> {
  return await LiveScreen.open({ output: output.reader(), start, size: SIZE });
}

async function textOf(screen: LiveScreen): Promise<string> {
  return new TextDecoder().decode((await screen.shoot()).text);
}

describe("a screen of a run", () => {
  test("shows what it wrote, and says where to go on", async () => {
    const output = new FakeOutput();
    output.write("before this run\r\n");
    const start = output.head;
    output.write("hello\r\nworld");
    const screen = await open(output, start);
    const shot = await screen.shoot();
    expect(new TextDecoder().decode(shot.text)).toBe("hello\r\nworld");
    expect(shot).toMatchObject({ position: output.head, size: SIZE, lost: false });
    screen.close();
  });

  test("follows", async () => {
    const output = new FakeOutput();
    const screen = await open(output);
    expect(await textOf(screen)).toBe("");
    output.write("one\r\n");
    expect(await textOf(screen)).toContain("one");
    output.write("two");
    expect(await textOf(screen)).toBe("one\r\ntwo");
    screen.close();
  });

  test("goes on before a sequence or a letter that is not whole", async () => {
    const output = new FakeOutput();
    output.write("abc\x1b[3");
    const screen = await open(output);
    expect(await screen.shoot()).toMatchObject({ position: 3 });
    output.write("1mred");
    expect(await textOf(screen)).toBe("abc\x1b[31mred");
    output.write(Buffer.from("🙂").subarray(0, 3));
    expect(await screen.shoot()).toMatchObject({ position: output.head - 3 });
    screen.close();
  });

  test("takes a new size where it came in the output", async () => {
    const output = new FakeOutput();
    output.write(`${"x".repeat(40)}y`);
    const screen = await open(output);
    const at = output.head;
    output.write("\r\nafter");
    output.write("\x1b[1;70Hright");
    // Word of it may come late.
    screen.resize({ cols: 80, rows: 10 }, at);
    const shot = await screen.shoot();
    expect(shot.size).toEqual({ cols: 80, rows: 10 });
    const text = new TextDecoder().decode(shot.text);
    expect(text).toContain("after");
    const { rows } = await render(text, { columns: 80, rows: 10 });
    expect(rows[0]).toHaveLength(69 + "right".length);
    screen.close();
  });

  test("that had another size, nobody knows until when, may not be what its program means", async () => {
    const output = new FakeOutput();
    output.write("\x1b[1;5rdrawn in five rows");
    const sizedFrom = output.head;
    const reader = () => ({ output: output.reader(), start: 0, size: SIZE, sizedFrom });
    const opening = LiveScreen.open(reader());
    // Comes while the emulator is loaded, and is drawn for the size of now.
    output.write("\x1b[2;4r");
    const screen = await opening;
    const shot = await screen.shoot();
    expect(shot.lost).toBe(true);
    expect(new TextDecoder().decode(shot.text)).not.toContain("\x1b[1;5r");
    expect(new TextDecoder().decode(shot.text)).toContain("\x1b[2;4r");
    screen.close();
    const fresh = await LiveScreen.open({ ...reader(), start: output.head });
    expect((await fresh.shoot()).lost).toBe(false);
    fresh.close();
  });

  test("lets go of its reader when it is closed", async () => {
    const output = new FakeOutput();
    const screen = await open(output);
    expect(output.open).toBe(1);
    screen.close();
    expect(output.open).toBe(0);
  });
});

describe("when the beginning is gone", () => {
  test("it says so, and begins with a whole line or sequence", async () => {
    const output = new FakeOutput();
    output.write("0123456789\r\nsecond\r\nthird");
    output.forgetBefore(4);
    const screen = await open(output);
    const shot = await screen.shoot();
    expect(shot.lost).toBe(true);
    expect(new TextDecoder().decode(shot.text)).not.toContain("456789");
    expect(new TextDecoder().decode(shot.text)).toContain("second\r\nthird");
    screen.close();
  });

  test("at most the newest 8 MiB are read", async () => {
    const output = new FakeOutput();
    output.write("\x1b[?1049hgone\r\n");
    output.write(`${"x".repeat(1_022)}\r\n`.repeat(9 * 1_024));
    output.write("\x1b[Hend");
    const screen = await open(output);
    const shot = await screen.shoot();
    expect(shot).toMatchObject({ lost: true, position: output.head });
    expect(new TextDecoder().decode(shot.text)).not.toContain("\x1b[?1049h");
    expect(new TextDecoder().decode(shot.text)).toContain("end");
    screen.close();
  });
});

describe("with much output", () => {
  test("others have their turn while it is read", async () => {
    const output = new FakeOutput();
    output.write(`${"x".repeat(78)}\r\n`.repeat(25_000));
    const screen = await open(output);
    let turns = 0;
    const ticking = setInterval(() => {
      turns += 1;
    });
    await screen.shoot();
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(10);
    screen.close();
  });

  test("a flood that is faster than the screen is jumped over", async () => {
    const output = new FakeOutput();
    output.write(`${"x".repeat(1_022)}\r\n`.repeat(1_024));
    const screen = await open(output);
    // Comes while the first part is read.
    const flood = Buffer.from(`${"y".repeat(1_022)}\r\n`.repeat(3 * 1_024));
    setTimeout(() => output.write(flood), 1);
    const shot = await screen.shoot();
    expect(shot.lost).toBe(true);
    expect(output.head - shot.position).toBeLessThan(MIB);
    expect(new TextDecoder().decode(shot.text)).toContain("yyy");
    screen.close();
  });

  test("it reads on by itself once much has come, and then nothing is lost", async () => {
    const output = new FakeOutput();
    output.write("\x1b[?1049h");
    const screen = await open(output);
    for (let round = 0; round < 4; round += 1) {
      output.write(`${"x".repeat(1_022)}\r\n`.repeat(1_200));
      screen.keepUp();
      const read = output.head;
      await waitFor("the screen to read on", async () => {
        const { position } = await screen.shoot();
        return position >= read;
      });
      // What was read is no longer needed.
      output.forgetBefore(read);
    }
    expect(await screen.shoot()).toMatchObject({ lost: false });
    screen.close();
  });
});
