import { createInterface } from "node:readline";

/** A program in the probe's place: what it does with a question is in the name of the pipeline. */

const say = (answer: object): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, pipeline, files } = JSON.parse(line) as {
    readonly id: string;
    readonly pipeline: { readonly name: string };
    readonly files: object;
  };
  switch (pipeline.name) {
    case "slow":
      return void setTimeout(() => say({ id, lagRecords: 1, partitions: 1, ends: 1 }), 200);
    case "silent":
      return;
    case "dies":
      return process.exit(7);
    case "babbles":
      return void process.stdout.write("what was the question?\n");
    case "fails":
      return say({ id, error: "broker 127.0.0.1:1 does not answer: see whether it runs" });
    case "environment":
      return say({ id, error: JSON.stringify(process.env) });
    default:
      return say({ id, lagRecords: Object.keys(files).length, partitions: 3, ends: 30 });
  }
});
process.stdin.on("end", () => process.exit(0));
