import { Agent, get } from "node:http";

/** Most that is read of an answer, in bytes: a brief status has a few kilobytes. */
const bodyBytesMax = 2 ** 20;
/** How long an answer may take in all, in milliseconds. */
const timeoutMs = 2_000;

/** Asks a pod how it fares; the text it answers with. Throws where it does not answer, answers otherwise, or too much. */
export type AskPod = (ip: string, signal: AbortSignal) => Promise<string>;

/** Over HTTP, each time on a connection of its own: between two questions most pods are asked before one is asked again. */
export function askOverHttp(port: number): AskPod {
  const agent = new Agent({ keepAlive: false });
  return (host, signal) =>
    new Promise((resolve, reject) => {
      const request = get({ host, port, path: "/status/brief", agent, signal }, (response) => {
        const pieces: Buffer[] = [];
        let bytes = 0;
        response.on("data", (piece: Buffer) => {
          bytes += piece.length;
          if (bytes > bodyBytesMax) request.destroy(new Error(`pod ${host}: its status has more than ${bodyBytesMax} bytes`));
          else pieces.push(piece);
        });
        response.on("end", () => {
          if (response.statusCode === 200) resolve(Buffer.concat(pieces).toString("utf8"));
          else reject(new Error(`pod ${host}: answered ${response.statusCode} for its status`));
        });
        response.on("error", reject);
      });
      request.on("error", reject);
      // A signal of its own for each question would take as long as the rest of it.
      const late = setTimeout(() => request.destroy(new Error(`pod ${host}: no whole answer within ${timeoutMs} ms`)), timeoutMs);
      request.on("close", () => clearTimeout(late));
    });
}
