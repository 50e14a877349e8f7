// The least that can answer: a bare server, compiled as korun is, that prints its port.

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: () => Response.json({ ok: true, service: "bare", time: new Date().toISOString() }),
});
console.log(server.port);

export {};
