/**
 * The name that a column of the SQL gets in Snowflake. As in SQL: what could be written without quotes is in upper case
 * (`order_id` is ORDER_ID), so that Snowflake's users write it without quotes; anything else is as the SQL names it.
 */
export function columnName(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_$]*$/.test(name) ? name.toUpperCase() : name;
}
