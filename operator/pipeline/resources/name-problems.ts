import type { Problem } from "../../../crds/check.ts";
import type { PodOverrides } from "../../../crds/kinds/pod-overrides.ts";
import { type Path, pathText } from "../../../crds/path.ts";

/** A rule of Kubernetes' for names. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
interface NameRule {
  readonly pattern: RegExp;
  readonly charactersMax: number;
  /** What it has to be, in words. */
  readonly words: string;
}
const dnsLabel: NameRule = {
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  charactersMax: 63,
  words: "at most 63 small letters, digits and dashes, with a letter or digit at both ends",
};
const dnsSubdomain: NameRule = {
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  charactersMax: 253,
  words: "small letters, digits, dashes and dots, with a letter or digit at both ends",
};
const labelValue: NameRule = {
  pattern: /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/,
  charactersMax: 63,
  words: "at most 63 letters, digits, dashes, underscores and dots, with a letter or digit at both ends",
};
const labelName: NameRule = { ...labelValue, pattern: /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/ };
const variable: NameRule = {
  pattern: /^[ -<>-~]+$/,
  charactersMax: 253,
  words: "printable ASCII without =",
};

/**
 * Names in an owner's changes that the API server would refuse in every pod: told with their field here, where the API server would
 * name one of an object that the owner never wrote.
 */
export function nameProblems(overrides: PodOverrides): readonly Problem[] {
  const { labels, annotations, nodeSelector, resources, imagePullSecrets = [], volumes = [], env = [] } = overrides;
  const single = ["serviceAccountName", "priorityClassName", "runtimeClassName"] as const;
  return [
    ...Object.entries(labels ?? {}).flatMap(([key, value]) => labelProblems(["labels", key], key, value)),
    // Of an annotation Kubernetes looks at the small letters only.
    ...Object.keys(annotations ?? {}).flatMap((key) => keyProblems(["annotations", key], key.toLowerCase())),
    ...Object.entries(nodeSelector ?? {}).flatMap(([key, value]) => labelProblems(["nodeSelector", key], key, value)),
    ...(["requests", "limits"] as const).flatMap((member) =>
      Object.keys(resources?.[member] ?? {}).flatMap((key) => keyProblems(["resources", member, key], key)),
    ),
    ...single.flatMap((member) => unfit(overrides[member], dnsSubdomain, [member])),
    ...imagePullSecrets.flatMap((name, index) => unfit(name, dnsSubdomain, ["imagePullSecrets", index])),
    ...volumes.flatMap(({ name }, index) => unfit(name, dnsLabel, ["volumes", index, "name"])),
    ...env.flatMap(({ name }, index) => unfit(name, variable, ["env", index, "name"])),
  ];
}

const labelProblems = (path: Path, key: string, value: string): readonly Problem[] => [
  ...keyProblems(path, key),
  ...unfit(value, labelValue, path),
];

/** Keys of labels, annotations and resources: a name, or a domain, a slash and a name. */
function keyProblems(path: Path, key: string): readonly Problem[] {
  const slash = key.indexOf("/");
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  return [...unfit(prefix, dnsSubdomain, path), ...unfit(key.slice(slash + 1), labelName, path)];
}

/** What is absent, or no text, is told by others. */
function unfit(name: unknown, { pattern, charactersMax, words }: NameRule, path: Path): readonly Problem[] {
  if (typeof name !== "string" || (name.length <= charactersMax && pattern.test(name))) return [];
  return [{ path: pathText(["spec", "pod", ...path]), message: `${JSON.stringify(name)} must be ${words}` }];
}
