import type { AlertCase } from "./alert-case.ts";
import { climbing, ofPipeline, orders, runtime, series, long } from "./series.ts";

/** What pods do wrong. */
export const pods: readonly AlertCase[] = [
  {
    alert: "SnowlineRestarting",
    what: "at the third restart within half an hour",
    series: [ofPipeline("pod_restarts", `0+0x9 1+0x9 2+0x9 3+0x${long}`)],
    at: "25m",
    fires: {
      labels: orders,
      severity: "warning",
      summary: "shop/orders starts again and again",
      description: "Its pods were started again 3 times within 30 minutes.",
    },
  },
  {
    alert: "SnowlineRestarting",
    what: "at the second",
    series: [ofPipeline("pod_restarts", `0+0x9 1+0x9 2+0x${long}`)],
    at: "25m",
    fires: null,
  },
  {
    alert: "SnowlineRestarting",
    what: "where pods that had restarted went",
    series: [ofPipeline("pod_restarts", `10+0x20 0+0x${long}`)],
    at: "25m",
    fires: null,
  },
  {
    alert: "SnowlineRejecting",
    what: "where three of a hundred records become no row",
    series: [
      series("snowline_records_read_total", runtime, climbing(0, 100)),
      series("snowline_records_rejected_total", { ...runtime, refused_by: "format" }, climbing(0, 1)),
      series("snowline_records_rejected_total", { ...runtime, refused_by: "transform" }, climbing(0, 2)),
    ],
    at: "30m",
    fires: {
      labels: orders,
      severity: "warning",
      summary: "shop/orders rejects records",
      description: "3% of the records of the last 15 minutes became no row; 1 % is the bound. The others are loaded.",
    },
  },
  {
    alert: "SnowlineRejecting",
    what: "at half a percent",
    series: [
      series("snowline_records_read_total", runtime, climbing(0, 200)),
      series("snowline_records_rejected_total", { ...runtime, refused_by: "format" }, climbing(0, 1)),
    ],
    at: "60m",
    fires: null,
  },
];
