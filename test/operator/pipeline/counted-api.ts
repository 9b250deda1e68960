import type { Api } from "../../../operator/kube/api.ts";

/** An API that notes its requests but watches and lists: `create Deployment pipeline-orders`. */
export interface CountedApi {
  readonly api: Api;
  readonly requests: readonly string[];
}

/** `api`, counted. */
export function countedApi(api: Api): CountedApi {
  const requests: string[] = [];
  const note = (verb: string, kind: string, name: string): void => {
    requests.push(`${verb} ${kind} ${name}`);
  };
  return {
    requests,
    api: {
      ...api,
      get: (type, key, options) => {
        note("get", type.kind, key.name);
        return api.get(type, key, options);
      },
      create: (type, object, options) => {
        note("create", type.kind, object.metadata.name);
        return api.create(type, object, options);
      },
      apply: (type, object, options) => {
        note("apply", type.kind, object.metadata.name);
        return api.apply(type, object, options);
      },
      patch: (type, key, patch, options) => {
        note(options.subresource === undefined ? "patch" : `patch ${options.subresource}`, type.kind, key.name);
        return api.patch(type, key, patch, options);
      },
      replace: (type, object, options) => {
        note("replace", type.kind, object.metadata.name);
        return api.replace(type, object, options);
      },
      delete: (type, key, options) => {
        note("delete", type.kind, key.name);
        return api.delete(type, key, options);
      },
    },
  };
}
