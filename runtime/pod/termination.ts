import { writeFileSync } from "node:fs";

/** Why a pod's process ended, for whoever looks at the pod. */
export interface Termination {
  /** In CamelCase: `TableMissing`, `Crashed`. */
  readonly reason: string;
  /** In a sentence, with what to do. No secrets. */
  readonly message: string;
}

/** What the kubelet reads of the file, in bytes. https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/ */
export const terminationBytesMax = 4096;
const cut = "…";

/** `{"reason":…,"message":…}` within what the kubelet reads: a message that is too long loses its end. */
export function terminationText({ reason, message }: Termination): string {
  const text = (part: string): string => JSON.stringify({ reason, message: part });
  const fits = (part: string): boolean => Buffer.byteLength(text(part)) <= terminationBytesMax;
  if (fits(message)) return text(message);
  const characters = Array.from(message);
  let [least, most] = [0, characters.length];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (fits(`${characters.slice(0, middle).join("")}${cut}`)) least = middle;
    else most = middle - 1;
  }
  return text(`${characters.slice(0, least).join("")}${cut}`);
}

/** Leaves it in the pod's termination log. At once: the process may be about to end. Throws where the file cannot be written. */
export function writeTermination(path: string, termination: Termination): void {
  writeFileSync(path, terminationText(termination));
}
