/** What a connection to the API server is made with. PEM texts. */
export interface TlsSettings {
  /** Signs the server's certificate; the machine's own authorities without it. */
  readonly ca?: string;
  /** Of the client. */
  readonly cert?: string;
  readonly key?: string;
  /** Name that the server's certificate has, where it is not the host's. */
  readonly servername?: string;
  /** False: whoever answers is taken for the server. */
  readonly rejectUnauthorized?: boolean;
}

/** What a request is let in with, as it is now: tokens and certificates are replaced while we run. */
export interface Credentials {
  readonly tls: TlsSettings;
  /** Headers of each request. Secret. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Where the API server is, and who we are. */
export interface ClusterAccess {
  /** `https://host:port`, with a path where the server has one; no slash at its end. */
  readonly server: string;
  /** Where we are ourselves: a pod's namespace, a context's; `default` where nothing says. */
  readonly namespace: string;
  /** Called for each request; quick, for what it finds is kept a while. Throws an Error that names what is missing, never a secret. */
  credentials(): Promise<Credentials>;
  /** The server did not take them (401): they are read anew next time. */
  refused(): void;
}

/**
 * How long a file with a token or certificate is believed, in milliseconds. The kubelet replaces a token when a fifth of its
 * life is left, ten minutes at least; a minute is what client-go takes, too.
 */
export const credentialsMsMax = 60_000;
