import { generateKeyPairSync, type KeyObject, randomUUID, sign, timingSafeEqual } from "node:crypto";
import { BadRequest, type Route, type WireRequest, type WireResponse } from "../http/route.ts";

/** A program that gets tokens by client credentials. */
export interface IssuerClient {
  readonly id: string;
  readonly secret: string;
  /** Claims of its tokens besides issuer and times: `sub` names the user. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Where the issuer is, under the server's address. */
const base = "/oauth/issuer";
/** A token lives so long, in seconds. */
const lifeSeconds = 600;
const modulusLength = 2048;

/**
 * An identity provider for tests, part of the server so that they need no other: it publishes its keys by OpenID discovery and gives
 * tokens by client credentials (RFC 6749, 4.4). What signs in with its tokens is verified as with any other issuer.
 */
export class Issuer {
  readonly #now: () => number;
  readonly #address: () => string;
  readonly #clients = new Map<string, IssuerClient>();
  /** Made when it is first needed: that takes a moment, and most servers need none. */
  #made: IssuerKey | null = null;

  /** @param address of the server, without a slash at its end */
  constructor(now: () => number, address: () => string) {
    this.#now = now;
    this.#address = address;
  }

  /** What the tokens say as `iss`. */
  get url(): string {
    return `${this.#address()}${base}`;
  }

  get tokenUrl(): string {
    return `${this.url}/token`;
  }

  get #key(): IssuerKey {
    return (this.#made ??= newKey());
  }

  addClient(client: IssuerClient): void {
    this.#clients.set(client.id, client);
  }

  /** A new key: tokens that were signed before are worth nothing from now on. */
  rotate(): void {
    this.#made = newKey();
  }

  /** A signed token with these claims; `iss`, `iat` and `exp` are added where they lack. */
  token(claims: Readonly<Record<string, unknown>>): string {
    const seconds = Math.floor(this.#now() / 1000);
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const head = part({ alg: "RS256", typ: "JWT", kid: this.#key.id });
    const signed = `${head}.${part({ iss: this.url, iat: seconds, exp: seconds + lifeSeconds, ...claims })}`;
    return `${signed}.${sign("RSA-SHA256", Buffer.from(signed), this.#key.private).toString("base64url")}`;
  }

  routes(): readonly Route[] {
    const json = (body: object): WireResponse => ({ status: 200, headers: { "cache-control": "no-store" }, body });
    return [
      {
        method: "GET",
        path: /^\/oauth\/issuer\/\.well-known\/openid-configuration$/,
        handle: async () =>
          json({
            issuer: this.url,
            jwks_uri: `${this.url}/keys`,
            token_endpoint: this.tokenUrl,
            id_token_signing_alg_values_supported: ["RS256"],
          }),
      },
      {
        method: "GET",
        path: /^\/oauth\/issuer\/keys$/,
        handle: async () =>
          json({ keys: [{ ...this.#key.public.export({ format: "jwk" }), kid: this.#key.id, use: "sig", alg: "RS256" }] }),
      },
      { method: "POST", path: /^\/oauth\/issuer\/token$/, handle: async (request) => json(await this.#give(request)) },
    ];
  }

  async #give(request: WireRequest): Promise<object> {
    const form = new URLSearchParams((await request.body()).toString());
    if (form.get("grant_type") !== "client_credentials")
      throw new BadRequest(400, "unsupported_grant_type", "grant_type is to be client_credentials");
    const basic = /^Basic (?<pair>.+)$/.exec(request.headers.authorization ?? "")?.groups?.["pair"];
    const [id = "", secret = ""] =
      basic === undefined
        ? [form.get("client_id") ?? "", form.get("client_secret") ?? ""]
        : Buffer.from(basic, "base64").toString().split(":").map(decodeURIComponent);
    const client = this.#clients.get(id);
    if (client === undefined || !same(client.secret, secret))
      throw new BadRequest(401, "invalid_client", "the client id or its secret is wrong");
    const scope = form.get("scope");
    const claims = { ...client.claims, ...(scope === null ? {} : { scp: scope.split(" ") }) };
    return {
      access_token: this.token(claims),
      token_type: "Bearer",
      expires_in: lifeSeconds,
      ...(scope === null ? {} : { scope }),
    };
  }
}

interface IssuerKey {
  readonly id: string;
  readonly private: KeyObject;
  readonly public: KeyObject;
}

function newKey(): IssuerKey {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength });
  return { id: randomUUID(), private: privateKey, public: publicKey };
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
