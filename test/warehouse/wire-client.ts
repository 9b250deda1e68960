import { randomUUID } from "node:crypto";

/** An answer of the wire protocol. */
export interface WireAnswer {
  readonly success: boolean;
  readonly code: string | null;
  readonly message: string | null;
  // The tests say what they look for in it.
  readonly data: Readonly<Record<string, unknown>> & {
    readonly queryId?: string;
    readonly getResultUrl?: string;
    readonly rowset?: readonly (readonly (string | null)[])[];
    readonly rowtype?: readonly { readonly name: string; readonly type: string }[];
  };
}

/** What a statement is sent with. */
export interface StatementOptions {
  readonly requestId?: string;
  readonly asyncExec?: boolean;
  readonly describeOnly?: boolean;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly bindings?: Readonly<Record<string, { readonly type: string; readonly value: unknown }>>;
}

/** Speaks the wire protocol by hand, so that tests see each message. */
export class WireClient {
  readonly url: string;
  token = "";
  masterToken = "";

  constructor(url: string) {
    this.url = url;
  }

  /** Signs in; keeps the tokens. */
  async login(data: Readonly<Record<string, unknown>>, query: Readonly<Record<string, string>> = {}): Promise<WireAnswer> {
    const answer = await this.post(`/session/v1/login-request?${new URLSearchParams(query).toString()}`, { data });
    this.token = String(answer.data?.["token"]);
    this.masterToken = String(answer.data?.["masterToken"]);
    return answer;
  }

  /** Asks for new tokens; keeps them. */
  async renew(): Promise<WireAnswer> {
    const answer = await this.post(
      "/session/token-request",
      { requestType: "RENEW", oldSessionToken: this.token },
      this.masterToken,
    );
    if (answer.success) {
      this.token = String(answer.data["sessionToken"]);
      this.masterToken = String(answer.data["masterToken"]);
    }
    return answer;
  }

  /** Sends a statement and takes the first answer, whatever it is. */
  send(sqlText: string, { requestId = randomUUID(), ...body }: StatementOptions = {}): Promise<WireAnswer> {
    return this.post(`/queries/v1/query-request?requestId=${requestId}`, { sqlText, ...body });
  }

  /** Sends a statement and asks until it has ended. */
  async run(sqlText: string, options: StatementOptions = {}): Promise<WireAnswer> {
    let answer = await this.send(sqlText, options);
    while (answer.code === "333333" || answer.code === "333334") answer = await this.get(answer.data.getResultUrl!);
    return answer;
  }

  /** The rows of a statement. Throws where it fails. */
  async rows(sqlText: string, options: StatementOptions = {}): Promise<readonly (readonly (string | null)[])[]> {
    const answer = await this.run(sqlText, options);
    if (!answer.success) throw new Error(`${answer.code}: ${answer.message}`);
    return answer.data.rowset!;
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<WireAnswer> {
    const answer = await fetch(`${this.url}${path}`, {
      headers: { authorization: `Snowflake Token="${this.token}"`, ...headers },
    });
    return (await answer.json()) as WireAnswer;
  }

  async post(path: string, body: object, token = this.token): Promise<WireAnswer> {
    const answer = await fetch(`${this.url}${path}`, {
      method: "POST",
      headers: { authorization: `Snowflake Token="${token}"`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as WireAnswer;
  }
}
