/** What a client says when it signs in. */
export interface Credential {
  /** As in the login request: SNOWFLAKE, SNOWFLAKE_JWT, OAUTH, PROGRAMMATIC_ACCESS_TOKEN, WORKLOAD_IDENTITY. */
  readonly authenticator: string;
  /** Null: the credential alone says who it is. */
  readonly loginName: string | null;
  /** Empty where the authenticator needs none. */
  readonly password?: string;
  readonly token?: string;
  /** Of a workload identity: AWS, AZURE, GCP, OIDC. */
  readonly provider?: string | null;
  /** Name of the host that the client has connected to, without port. */
  readonly host?: string;
}
