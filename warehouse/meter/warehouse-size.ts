/** Credits per hour by size, as Snowflake bills standard warehouses of the first generation. */
export const creditsPerHour = {
  "X-Small": 1,
  Small: 2,
  Medium: 4,
  Large: 8,
  "X-Large": 16,
  "2X-Large": 32,
  "3X-Large": 64,
  "4X-Large": 128,
  "5X-Large": 256,
  "6X-Large": 512,
} as const;

/** A warehouse's size, written as SHOW WAREHOUSES does. */
export type WarehouseSize = keyof typeof creditsPerHour;

const spellings: Readonly<Record<string, WarehouseSize>> = {
  XSMALL: "X-Small",
  SMALL: "Small",
  MEDIUM: "Medium",
  LARGE: "Large",
  XLARGE: "X-Large",
  XXLARGE: "2X-Large",
  X2LARGE: "2X-Large",
  "2XLARGE": "2X-Large",
  XXXLARGE: "3X-Large",
  X3LARGE: "3X-Large",
  "3XLARGE": "3X-Large",
  X4LARGE: "4X-Large",
  "4XLARGE": "4X-Large",
  X5LARGE: "5X-Large",
  "5XLARGE": "5X-Large",
  X6LARGE: "6X-Large",
  "6XLARGE": "6X-Large",
};

/** The size that WAREHOUSE_SIZE = … means (`XSMALL`, `'X-SMALL'`); null where there is no such. */
export function warehouseSize(text: string): WarehouseSize | null {
  return spellings[text.toUpperCase().replaceAll("-", "")] ?? null;
}
