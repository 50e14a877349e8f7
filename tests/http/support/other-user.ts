// Run as a program, perhaps as another user: asks for the sessions from the given addresses and
// prints the status of the answer.

import { connect } from "node:net";

const [, , port = "", host = "", localAddress = ""] = process.argv;
const from = localAddress === "" ? {} : { localAddress };
const socket = connect({ port: Number(port), host, ...from });
socket.write(`GET /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
socket.once("data", (bytes) => {
  process.stdout.write(bytes.toString("latin1").slice(9, 12));
  socket.destroy();
});
