import { systemClock } from "../../../operator/control/clock.ts";
import { type HttpApi, openHttpApi } from "../../../operator/kube/http-api.ts";
import { kubeconfigAccess } from "../../../operator/kube/kubeconfig-access.ts";

/** A client of the API server that the kubeconfig names. */
export async function openApi(kubeconfig: string): Promise<HttpApi> {
  const access = await kubeconfigAccess({ file: kubeconfig }, systemClock);
  return openHttpApi({ access, userAgent: "snowline-test", timing: systemClock, random: Math.random });
}
