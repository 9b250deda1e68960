import { connect, createServer, type Socket } from "node:net";

/** A TCP proxy whose connections a test breaks. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Refuses new connections and breaks those there are. */
  cut(): void;
  /** Lets nothing through any more, without a word: as when a cable is pulled. */
  stall(): void;
  /** Lets everything through; what was stalled stays lost. */
  mend(): void;
}

/** Starts one to `port` of 127.0.0.1. */
export async function startTcpProxy(port: number): Promise<TcpProxy> {
  let mode: "open" | "cut" | "stalled" = "open";
  const pairs = new Set<readonly [Socket, Socket]>();
  const drop = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
    pairs.clear();
  };
  const server = createServer((near) => {
    near.on("error", () => {});
    if (mode === "cut") return near.destroy();
    if (mode === "stalled") {
      pairs.add([near, near]);
      return near.pause();
    }
    const far = connect(port, "127.0.0.1");
    far.on("error", () => near.destroy());
    const pair = [near, far] as const;
    pairs.add(pair);
    near.on("close", () => far.destroy());
    far.on("close", () => {
      pairs.delete(pair);
      near.destroy();
    });
    near.pipe(far);
    return far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    cut: () => {
      mode = "cut";
      drop();
    },
    stall: () => {
      mode = "stalled";
      for (const [near, far] of pairs) {
        near.unpipe(far).pause();
        far.unpipe(near).pause();
      }
    },
    mend: () => {
      mode = "open";
      drop();
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        drop();
        server.close(() => resolve());
      }),
  };
}
