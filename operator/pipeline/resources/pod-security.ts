/** Who the runtime is in its container: the user `nonroot` of images without a shell. No files belong to it but its own. */
const userId = 65_532;

/** Of the pod. https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted */
export const podSecurity = {
  runAsNonRoot: true,
  runAsUser: userId,
  runAsGroup: userId,
  // Secrets are readable for the group only.
  fsGroup: userId,
  seccompProfile: { type: "RuntimeDefault" },
} as const;

/** Of the container. */
export const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
} as const;
