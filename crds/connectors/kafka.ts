import { connectionName } from "../connection-name.ts";
import { format } from "../format.ts";
import {
  checked,
  choice,
  exactlyOne,
  integer,
  object,
  oneOf,
  optional,
  set,
  type Static,
  string,
  withDefault,
} from "../schema.ts";
import { secretReference, valueReference } from "../secret-reference.ts";
import { httpUrl } from "../url.ts";

const topic = string("Topic name.", {
  matches: {
    pattern: "^[a-zA-Z0-9._-]{1,249}$",
    message: "must be a topic's name: at most 249 letters, digits, dots, underscores and dashes",
  },
  maxLength: 249,
});

const time = [
  "self.matches(r'^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$')",
  "timestamp(self) > timestamp('1970-01-01T00:00:00Z')",
  // Offline validation runs in JavaScript, which takes 30 February for 2 March.
  "timestamp(self.substring(0, 10) + 'T00:00:00Z').getDayOfMonth() + 1 == int(self.substring(8, 10))",
].join(" && ");
const startFrom = checked(
  string("Where to start a partition of which the warehouse holds no position: `earliest`, `latest` or a time (RFC 3339).", {
    maxLength: 40,
  }),
  {
    rule: `self in ['earliest', 'latest'] || (${time})`,
    message: "must be earliest, latest or a time, such as 2026-01-31T00:00:00Z",
  },
);

const userAndPassword = {
  username: optional(string("User name, when it is no secret. Else `usernameFrom`.", { minLength: 1 })),
  usernameFrom: optional(secretReference("The user name")),
  passwordFrom: secretReference("The password"),
};
const oneUserName = exactlyOne(["username", "usernameFrom"]);

const oauthBearer = oneOf("SASL OAUTHBEARER: where the token comes from.", {
  tokenFile: object("A file that holds the token and is replaced before it expires, such as a projected service-account token.", {
    path: string("Absolute path of the file. It is read again before every sign-in.", { minLength: 1 }),
  }),
  clientCredentials: object("OAuth 2.0 client credentials (RFC 6749, 4.4).", {
    tokenUrl: httpUrl("Token endpoint."),
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
    region: string("AWS region of the cluster.", {
      maxLength: 50,
      matches: { pattern: "^[a-z]{2}(-[a-z]+)+-[0-9]+$", message: "must be an AWS region, such as eu-central-1" },
    }),
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
  brokers: set(
    "Bootstrap brokers as `host:port`; two or three are enough.",
    string("`host:port`.", {
      maxLength: 260,
      matches: { pattern: "^[^:/@ ]+:[0-9]{1,5}$", message: "must be host:port, such as kafka-0.kafka:9093" },
    }),
    { minItems: 1, maxItems: 32 },
  ),
  tls: optional(tls),
  sasl: optional(sasl),
});
export type KafkaConnection = Static<typeof kafkaConnection>;

export const kafkaSource = object(
  "Records of Kafka topics. Each partition is a split; its position is the topic's id and the next offset.",
  {
    connection: connectionName("kafka"),
    topics: optional(set("Topics by name.", topic, { minItems: 1, maxItems: 64 })),
    topicPattern: optional(
      checked(
        string(
          "Topics by regular expression over the whole name, in what RE2 and JavaScript have in common; new topics that match are picked up.",
          { minLength: 1, maxLength: 500 },
        ),
        { rule: "''.matches(self) || !''.matches(self)", message: "must be a regular expression, such as orders-[a-z]+" },
      ),
    ),
    startFrom: withDefault(startFrom, "earliest"),
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
    fetchWaitMs: withDefault(
      integer("How long a broker may hold back a fetch that has nothing to say.", { minimum: 10, maximum: 30_000 }),
      500,
    ),
    format,
  },
  [
    exactlyOne(["topics", "topicPattern"]),
    {
      rule: "!has(self.format.csv) || has(self.format.csv.fields)",
      message: "a Kafka record has no header line: set format.csv.fields to the columns' names in the order of the fields",
    },
  ],
);
export type KafkaSource = Static<typeof kafkaSource>;

/** The consumer group in which a pipeline's pods read: it is where their offsets are mirrored to. */
export function consumerGroupOf(
  { groupId }: Pick<KafkaSource, "groupId">,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): string {
  return groupId ?? `snowline.${namespace}.${name}`;
}

export const kafkaDeadLetter = object("A Kafka topic. It has to exist, or the brokers have to create topics by themselves.", {
  connection: connectionName("kafka"),
  topic,
});
export type KafkaDeadLetter = Static<typeof kafkaDeadLetter>;
