/** A table's, view's, stage's or pipe's whole name, letters as stored (unquoted names are upper case). */
export interface ObjectName {
  readonly database: string;
  readonly schema: string;
  readonly name: string;
}
