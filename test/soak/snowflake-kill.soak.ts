import { snowflakeKills } from "../e2e/exactly-once/snowflake-kills.ts";

snowflakeKills(200);
