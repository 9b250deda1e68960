/** A bind variable of the wire protocol: `value` is a list for array binds. */
export interface Bind {
  readonly type: string;
  readonly value: string | null | readonly (string | null)[];
}
