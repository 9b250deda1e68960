import { readFileSync } from "node:fs";

/** Where Kubernetes puts a pod's token. Its certificate authority is given to Node by NODE_EXTRA_CA_CERTS. */
const tokenFile = "/var/run/secrets/kubernetes.io/serviceaccount/token";
/** Longest wait for one answer, in milliseconds: the API server itself waits up to 10 s for a webhook. */
const answerMsMax = 15_000;

/** What the API server answered. */
export interface Answer {
  readonly code: number;
  /** The object, or a Status with a message. */
  readonly body: Readonly<Record<string, unknown>> & { readonly message?: string };
}

/** Asks the API server that this pod runs under; with a `body` it is a POST. Throws where it does not answer. */
export async function askApi(path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`https://kubernetes.default.svc${path}`, {
    headers: { authorization: `Bearer ${readFileSync(tokenFile, "utf8").trim()}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(answerMsMax),
  });
  return { code: response.status, body: (await response.json()) as Answer["body"] };
}
