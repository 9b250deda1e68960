import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);
/** A tool that has not answered by then is not usable. Maven's first start on a loaded machine takes seconds. */
const answerMsMax = 20_000;
/** The broker's class files need it. */
const javaMajorMin = 17;

async function answer(command: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await execute(command, args, { timeout: answerMsMax });
    return stdout + stderr;
  } catch {
    return undefined;
  }
}

/**
 * What this machine lacks to run a Kafka broker, in one line that names the fix; undefined if nothing. A broker needs either a
 * JDK with Maven, or Docker.
 */
export async function brokerProblem(): Promise<string | undefined> {
  const [java, maven] = await Promise.all([answer("java", "-version"), answer("mvn", "-v")]);
  const javaMajor = Number(/version "(\d+)/.exec(java ?? "")?.[1] ?? 0);
  if (javaMajor >= javaMajorMin && maven !== undefined) return undefined;
  if ((await answer("docker", "info")) !== undefined) return undefined;
  const lacks = [
    javaMajor >= javaMajorMin ? undefined : `JDK ${javaMajorMin} or newer${javaMajor === 0 ? "" : ` (java is ${javaMajor})`}`,
    maven === undefined ? "Maven" : undefined,
  ].filter((part) => part !== undefined);
  return `no Kafka broker can be started here: install ${lacks.join(" and ")} (Debian: apt-get install default-jdk-headless maven), or start Docker`;
}
