// npm run bench:autoscaling [-- --only snowline --trace spike --watch 30]: seconds over the lag target, hours of pods and rebalances of
// our autoscaler and of three others' rules, over the same courses of arrivals. Simulated time: it takes seconds, and always says the same.
import { parseArgs } from "node:util";
import { contestants } from "./contestants.ts";
import { scoreTable, type Score } from "./score-table.ts";
import { simulate } from "./simulate.ts";
import { traces } from "./traces.ts";

const say = (line: string): void => console.log(line);

function main(): void {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: "" },
      trace: { type: "string", default: "" },
      watch: { type: "string", default: "0" },
    },
  });
  const watchSeconds = Number(values.watch);
  const taking = contestants.filter(({ name }) => name.toLowerCase().includes(values.only.toLowerCase()));
  const over = traces.filter(({ name }) => name.includes(values.trace));
  if (taking.length === 0)
    throw new Error(`--only ${values.only}: nobody is called so; there are ${contestants.map(({ name }) => name).join(", ")}`);
  if (over.length === 0)
    throw new Error(`--trace ${values.trace}: none is called so; there are ${traces.map(({ name }) => name).join(", ")}`);
  const scores: Score[] = [];
  for (const trace of over)
    for (const contestant of taking) {
      const outcome = simulate(trace, contestant, (at) => {
        if (watchSeconds > 0 && at.second % watchSeconds === 0)
          say(
            `${contestant.name} ${at.second} s: ${at.ready}/${at.replicas} pods, ${at.lagSeconds} s and ${at.lagRecords.toFixed(0)} records behind`,
          );
      });
      scores.push({ trace, contestant: contestant.name, outcome });
    }
  say(scoreTable(scores));
}

main();
