import { format } from "../format.ts";
import { choice, integer, list, object, oneOf, optional, type Static, string, withDefault } from "../schema.ts";
import { secretReference, valueReference } from "../secret-reference.ts";

const userAndPassword = {
  username: optional(string("User name, when it is no secret. Else `usernameFrom`.", { minLength: 1 })),
  usernameFrom: optional(secretReference("The user name")),
  passwordFrom: secretReference("The password"),
};
const oneUserName = {
  rule: "has(self.username) != has(self.usernameFrom)",
  message: "set exactly one of: username, usernameFrom",
};

const oauthBearer = oneOf("SASL OAUTHBEARER: where the token comes from.", {
  tokenFile: object("A file that holds the token and is replaced before it expires, such as a projected service-account token.", {
    path: string("Absolute path of the file. It is read again before every sign-in.", { minLength: 1 }),
  }),
  clientCredentials: object("OAuth 2.0 client credentials (RFC 6749, 4.4).", {
    tokenUrl: string("Token endpoint.", { pattern: "^https?://" }),
    clientIdFrom: secretReference("The client id"),
    clientSecretFrom: secretReference("The client secret"),
    scope: optional(string("Space-separated scopes to ask for.")),
  }),
});

const sasl = oneOf("How to sign in to the brokers.", {
  plain: object("SASL PLAIN. Use it with `tls` only: the password crosses the wire as it is.", userAndPassword, [oneUserName]),
  scram: object(
    "SASL SCRAM.",
    { mechanism: choice("The mechanism the user was created with.", "SCRAM-SHA-256", "SCRAM-SHA-512"), ...userAndPassword },
    [oneUserName],
  ),
  oauthBearer,
  awsMskIam: object("Amazon MSK's IAM access control. Credentials come from the pod's AWS identity.", {
    region: string("AWS region of the cluster.", { pattern: "^[a-z]{2}(-[a-z]+)+-[0-9]$" }),
  }),
});

const tls = object(
  "TLS to the brokers. `{}` uses the public certificate authorities.",
  {
    caFrom: optional(valueReference("PEM certificates of the authorities to trust")),
    certificateFrom: optional(valueReference("PEM client certificate, for mutual TLS")),
    keyFrom: optional(secretReference("PEM private key of the client certificate")),
    keyPassphraseFrom: optional(secretReference("Passphrase of the private key")),
    serverName: optional(string("Name the brokers' certificate carries, when it is not the host's.", { minLength: 1 })),
  },
  [
    {
      rule: "has(self.certificateFrom) == has(self.keyFrom)",
      message: "mutual TLS needs both: set certificateFrom and keyFrom, or neither",
    },
  ],
);

export const kafkaConnection = object("An Apache Kafka cluster.", {
  brokers: list(
    "Bootstrap brokers as `host:port`; two or three are enough.",
    string("`host:port`.", { pattern: "^[^:/\\s]+:[0-9]{1,5}$" }),
    { minItems: 1, maxItems: 32, "x-kubernetes-list-type": "atomic" },
  ),
  tls: optional(tls),
  sasl: optional(sasl),
});
export type KafkaConnection = Static<typeof kafkaConnection>;

export const kafkaSource = object(
  "Records of Kafka topics. Each partition is a split; its position is the topic's id and the next offset.",
  {
    connection: string("Name of the Connection with `kafka`.", { minLength: 1 }),
    topics: optional(
      list("Topics by name.", string("Topic name.", { pattern: "^[a-zA-Z0-9._-]{1,249}$" }), {
        minItems: 1,
        maxItems: 64,
        "x-kubernetes-list-type": "atomic",
      }),
    ),
    topicPattern: optional(
      string("Topics by regular expression over the whole name; new topics that match are picked up.", { minLength: 1, maxLength: 500 }),
    ),
    startFrom: withDefault(
      string("Where to start a partition of which the warehouse holds no position: `earliest`, `latest` or a time (RFC 3339).", {
        pattern: "^(earliest|latest|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2}))$",
      }),
      "earliest",
    ),
    tombstones: withDefault(
      choice(
        "Records without a value: `skip` counts and passes over them, `keep` makes rows whose columns are NULL (`_key` tells which), `reject` sends them to the dead letters.",
        "skip",
        "keep",
        "reject",
      ),
      "skip",
    ),
    groupId: optional(string("Consumer group. Default: `snowline.<namespace>.<name>`.", { minLength: 1, maxLength: 255 })),
    fetchWaitMs: withDefault(integer("How long a broker may hold back a fetch that has nothing to say.", { minimum: 10, maximum: 30_000 }), 500),
    format,
  },
  [{ rule: "has(self.topics) != has(self.topicPattern)", message: "set exactly one of: topics, topicPattern" }],
);
export type KafkaSource = Static<typeof kafkaSource>;

export const kafkaDeadLetter = object("A Kafka topic. It has to exist, or the brokers have to create topics by themselves.", {
  connection: string("Name of the Connection with `kafka`.", { minLength: 1 }),
  topic: string("Topic name.", { pattern: "^[a-zA-Z0-9._-]{1,249}$" }),
});
export type KafkaDeadLetter = Static<typeof kafkaDeadLetter>;
