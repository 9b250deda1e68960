import type { Api } from "../../../operator/kube/api.ts";
import type { HttpApi } from "../../../operator/kube/http-api.ts";

/** An Api that writes down the name of each call. */
export function countedApi(api: HttpApi): { readonly api: HttpApi; readonly calls: (keyof Api)[] } {
  const calls: (keyof Api)[] = [];
  const count = <K extends keyof Api>(name: K): Api[K] =>
    ((...args: readonly never[]) => {
      calls.push(name);
      return (api[name] as (...given: readonly never[]) => unknown)(...args);
    }) as Api[K];
  const names = ["get", "list", "watch", "create", "apply", "patch", "replace", "delete"] as const;
  return { calls, api: { ...api, ...(Object.fromEntries(names.map((name) => [name, count(name)])) as unknown as Api) } };
}
