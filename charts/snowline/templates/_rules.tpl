{{- /*
The one table of what the operator may do. docs/operator.md explains each line; a test runs the operator with nothing else.
*/ -}}

{{- /* In every namespace whose pipelines it runs. */ -}}
{{- define "snowline.rules.pipelines" -}}
- apiGroups: [snowline.dev]
  resources: [pipelines]
  verbs: [list, watch, patch]
- apiGroups: [snowline.dev]
  resources: [connections]
  verbs: [get, list, watch]
- apiGroups: [snowline.dev]
  resources: [pipelines/status, connections/status]
  verbs: [patch]
# Where the server enforces it, who makes a Pipeline the owner of something has to have this.
- apiGroups: [snowline.dev]
  resources: [pipelines/finalizers]
  verbs: [update]
# What it owns it never deletes: the garbage collector does, with the Pipeline. Only revisions go before it.
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [serviceaccounts]
  verbs: [get, list, watch, create, patch]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list, watch, create, patch]
# It asks for their metadata only, to see that one has changed. RBAC cannot say so: list and watch let it read them all.
# With get it reads those that a Connection names, when it looks at the source of a pipeline that runs no pod.
- apiGroups: [""]
  resources: [secrets]
  verbs: [{{ if .Values.autoscaling.scaleToZero.enabled }}get, {{ end }}list, watch]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{- /* In its own namespace. RBAC knows no names at create. */ -}}
{{- define "snowline.rules.own" -}}
{{- if .Values.leaderElection.enabled }}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "snowline.fullname" . }}]
  verbs: [get, update]
{{- end }}
{{- if include "snowline.makesCertificates" . }}
- apiGroups: [""]
  resources: [secrets]
  verbs: [create]
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [{{ include "snowline.fullname" . }}-webhook]
  verbs: [get, update, watch]
{{- end }}
{{- end -}}

{{- /* In the cluster, to put the certificate authority where the API server reads it. */ -}}
{{- define "snowline.rules.webhook" -}}
- apiGroups: [admissionregistration.k8s.io]
  resources: [validatingwebhookconfigurations]
  resourceNames: [{{ include "snowline.clusterName" (list . "") }}]
  verbs: [get, patch]
{{- end -}}

{{- /* Whether the operator makes the webhook's certificates: true, or empty. */ -}}
{{- define "snowline.makesCertificates" -}}
{{- if and .Values.webhook.enabled (not .Values.webhook.certManager.enabled) }}true{{ end -}}
{{- end -}}
