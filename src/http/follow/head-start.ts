// A follower of a quiet session must see its answer begin. Bun holds back the end of the headers
// until the first byte of the body (oven-sh/bun#33660), and a text must not get a byte that the
// child did not write. A client that takes gzip can be given one all the same: the header of a
// gzip stream decodes to nothing. What follows is stored, not compressed.

const HEADER = new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
const LAST_BLOCK = [1, 0, 0, 0xff, 0xff];
const MAX_BLOCK = 0xffff;

/** Whether the client decodes gzip, as browsers and fetch do and a plain curl does not. */
export function takesGzip(request: Request): boolean {
  const accepted = request.headers.get("accept-encoding") ?? "";
  return accepted.split(",").some((coding) => {
    const [name, weight] = coding.split(";").map((part) => part.trim());
    return name === "gzip" && !/^q=0(\.0*)?$/.test(weight ?? "");
  });
}

/** Frames bytes as one gzip stream, each as soon as it comes. */
export class HeadStart {
  #crc = 0;
  #size = 0;

  /** What can be sent before there is anything to send. */
  begin(): Uint8Array {
    return HEADER;
  }

  frame(bytes: Uint8Array): Uint8Array {
    this.#crc = Bun.hash.crc32(bytes, this.#crc);
    this.#size += bytes.length;
    const parts: Uint8Array[] = [];
    for (let start = 0; start < bytes.length; start += MAX_BLOCK) {
      const block = bytes.subarray(start, start + MAX_BLOCK);
      const { length } = block;
      parts.push(new Uint8Array([0, length, length >> 8, ~length, ~length >> 8]), block);
    }
    return Buffer.concat(parts);
  }

  end(): Uint8Array {
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(this.#crc, 0);
    trailer.writeUInt32LE(this.#size % 2 ** 32, 4);
    return Buffer.concat([new Uint8Array(LAST_BLOCK), trailer]);
  }
}
