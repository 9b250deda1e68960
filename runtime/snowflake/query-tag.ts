/** What Snowflake's query history says of a statement of ours: whose it was. */
export interface QueryTag {
  readonly namespace: string;
  readonly pipeline: string;
  /** The sink instance, so that the statements of two pods can be told apart. */
  readonly run: string;
  /** The manifest's generation, where it has one. */
  readonly generation?: number;
}

/** The text of a tag: JSON, so that SQL can take it apart: `PARSE_JSON(query_tag):pipeline`. Far below Snowflake's 2000 characters. */
export function queryTagText({ namespace, pipeline, run, generation }: QueryTag): string {
  return JSON.stringify({ app: "snowline", namespace, pipeline, run, generation });
}
