/** Arguments of a function that the server answers itself, evaluated: texts as casts to VARCHAR give them. */
export interface KnownArguments {
  readonly positional: readonly (string | null)[];
  readonly named: ReadonlyMap<string, string | null>;
}
