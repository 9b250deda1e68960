/**
 * Addresses of a cluster on a node of its own. They are for tests of networks (RFC 2544), so that they are nobody's, and each
 * cluster is alone in its network namespace, so that all clusters have the same.
 */
export const network = {
  /** The node, and whatever else runs in its network namespace: pods reach it here. */
  node: "198.18.0.1",
  nodeBits: 24,
  pods: "198.18.128.0/20",
  services: "198.19.0.0/16",
  /** The first of `services`: `kubernetes.default`. */
  kubernetesService: "198.19.0.1",
} as const;
