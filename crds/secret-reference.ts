import { exactlyOne, object, optional, type Static, string } from "./schema.ts";

/** Where one secret value is: a key of a Kubernetes Secret. On a laptop, a file `<secrets directory>/<secret>/<key>`. */
export const secretReference = (what: string) =>
  object(`${what}, read from a Secret of the same namespace.`, {
    secret: string("Name of the Secret.", { minLength: 1, maxLength: 253 }),
    key: string("Key in the Secret.", { minLength: 1, maxLength: 253 }),
  });
/** Names a key of a Secret. */
export type SecretReference = Static<ReturnType<typeof secretReference>>;

/** Where a value that need not be secret is, such as a CA certificate: a key of a Secret or of a ConfigMap. */
export const valueReference = (what: string) =>
  object(
    `${what}, read from a Secret or a ConfigMap of the same namespace.`,
    {
      secret: optional(string("Name of the Secret.", { minLength: 1, maxLength: 253 })),
      configMap: optional(string("Name of the ConfigMap.", { minLength: 1, maxLength: 253 })),
      key: string("Key in the Secret or ConfigMap.", { minLength: 1, maxLength: 253 }),
    },
    [exactlyOne(["secret", "configMap"])],
  );
/** Names a key of a Secret or a ConfigMap. */
export type ValueReference = Static<ReturnType<typeof valueReference>>;
