import { systemClock } from "../../operator/control/clock.ts";
import { type HttpApi, type HttpApiOptions, openHttpApi } from "../../operator/kube/http-api.ts";
import { kubeconfigAccess } from "../../operator/kube/kubeconfig-access.ts";

/** A client of the API server that a kubeconfig names. */
export async function openApi(kubeconfig: string, options: Pick<HttpApiOptions, "onRequest"> = {}): Promise<HttpApi> {
  const access = await kubeconfigAccess({ file: kubeconfig }, systemClock);
  return openHttpApi({ ...options, access, userAgent: "snowline-test", timing: systemClock, random: Math.random });
}
