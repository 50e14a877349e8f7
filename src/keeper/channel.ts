// Lines over one end of a pair of sockets that was inherited, or made for a child.

/** Longer than any line of ours: the sessions to retain may be thousands. */
const LONGEST_LINE_BYTES = 4_194_304;

const NEWLINE = 0x0a;

export interface ChannelHandlers {
  /** A line, less its end. What it throws is handed to `onFault`. */
  onLine(line: string): void;
  /** The peer has closed, or died: all that it sent has been seen. Called once. */
  onClosed(): void;
  onFault(thrown: unknown): void;
}

type FdSocket = Bun.Socket<undefined>;

export class Channel {
  readonly fd: number;
  readonly #handlers: ChannelHandlers;
  #socket: FdSocket | undefined;
  #unsent = Buffer.alloc(0);
  #unread: Buffer = Buffer.alloc(0);
  #isRef = true;
  #state: "open" | "ending" | "closed" = "open";

  /** Takes over the descriptor, which is closed with the channel. */
  constructor(fd: number, handlers: ChannelHandlers) {
    this.fd = fd;
    this.#handlers = handlers;
    connect(fd, {
      open: (socket) => {
        this.#socket = socket;
        if (!this.#isRef) socket.unref();
        this.#flush();
      },
      data: (_socket, bytes) => this.#read(bytes),
      drain: () => this.#flush(),
      error: (_socket, thrown) => handlers.onFault(thrown),
      close: () => this.#close(),
    }).catch((thrown: unknown) => {
      handlers.onFault(thrown);
      this.#close();
    });
  }

  /** Whether nothing is on its way between this process and the socket. */
  get isIdle(): boolean {
    return this.#unsent.length === 0 && this.#unread.length === 0;
  }

  /** Sends a message as one line; a peer that is gone misses it. */
  send(message: object): void {
    if (this.#state !== "open") return;
    this.#unsent = Buffer.concat([this.#unsent, Buffer.from(`${JSON.stringify(message)}\n`)]);
    this.#flush();
  }

  /** Closes once everything was sent. */
  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ending";
    this.#flush();
  }

  /** No longer keeps the process from ending. */
  unref(): void {
    this.#isRef = false;
    this.#socket?.unref();
  }

  #flush(): void {
    const socket = this.#socket;
    if (socket === undefined || this.#state === "closed") return;
    if (this.#unsent.length > 0) {
      const written = socket.write(this.#unsent);
      this.#unsent = this.#unsent.subarray(Math.max(0, written));
    }
    if (this.#state === "ending" && this.#unsent.length === 0) socket.end();
  }

  #read(bytes: Buffer): void {
    let rest = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      const line = rest.toString("utf8", 0, end);
      rest = rest.subarray(end + 1);
      // A copy: the bytes are the socket's and are overwritten by the next ones.
      this.#handle(line);
    }
    this.#unread = Buffer.from(rest);
    if (this.#unread.length > LONGEST_LINE_BYTES) this.#socket?.terminate();
  }

  #handle(line: string): void {
    try {
      this.#handlers.onLine(line);
    } catch (thrown) {
      this.#handlers.onFault(thrown);
    }
  }

  #close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    if (this.#unread.length > 0) this.#handle(this.#unread.toString("utf8"));
    this.#handlers.onClosed();
  }
}

/** Bun takes a descriptor in the place of an address, which its types do not say. */
function connect(fd: number, socket: Bun.SocketHandler<undefined>): Promise<FdSocket> {
  return Bun.connect({ fd, socket } as unknown as Bun.UnixSocketOptions<undefined>);
}
