import { snowflakeKills } from "./snowflake-kills.ts";

// `npm run soak` has 200 of each.
snowflakeKills(40);
