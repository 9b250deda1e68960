import { expect, test } from "vitest";
import { channelName } from "../../../../../runtime/sinks/snowflake/streaming/channel-name.ts";

const pipeline = { namespace: "shop", name: "orders" };

test("a channel's name says which split it is, in letters that need no quotes", () => {
  expect(channelName(pipeline, "orders/3")).toMatch(/^SNOWLINE_ORDERS_3_[0-9A-F]{32}$/);
});

test("however long the split's name is and whatever is in it, the channel's stays within Snowflake's bound", () => {
  const name = channelName(pipeline, `${"päth/".repeat(1000)}"quoted" \u{1f9ca}.csv`);
  expect(name).toMatch(/^[A-Z0-9_]{1,110}$/);
});

test("two splits, pipelines or namespaces never share a channel", () => {
  const names = [
    channelName(pipeline, "orders/3"),
    channelName(pipeline, "orders_3"),
    channelName(pipeline, "ORDERS/3"),
    channelName({ namespace: "shop", name: "orders2" }, "orders/3"),
    channelName({ namespace: "shop2", name: "orders" }, "orders/3"),
    channelName({ namespace: "shop.orders", name: "x" }, "orders/3"),
  ];
  expect(new Set(names).size).toBe(names.length);
});
