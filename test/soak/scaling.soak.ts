import { scalingSuite } from "../e2e/exactly-once/scaling-suite.ts";
import { ways } from "../e2e/exactly-once/snowflake-subject.ts";

scalingSuite({ steps: 80, names: ["files", ...Object.keys(ways)] });
