import { scalingSuite } from "./scaling-suite.ts";

// `npm run soak` takes more steps, and all ways into Snowflake.
scalingSuite({ steps: 6, names: ["files", "copy, append", "streaming"] });
