{{- /* Beginning of every name. Room is left for the longest ending, -metrics, in the 63 characters of a Service's name. */ -}}
{{- define "snowline.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $default := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $default .Values.fullnameOverride | trunc 48 | trimSuffix "-" -}}
{{- end -}}

{{- /* Name of a cluster-scoped object: two releases may have one name in two namespaces. Takes (list $ ending). */ -}}
{{- define "snowline.clusterName" -}}
{{- $root := index . 0 -}}
{{- printf "%s%s.%s" (include "snowline.fullname" $root) (index . 1) $root.Release.Namespace -}}
{{- end -}}

{{- define "snowline.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "snowline.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name: is empty, and serviceAccount.create is false: name the ServiceAccount that is there" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "snowline.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- /* Labels of every object. Where commonLabels says the same, the chart's own holds: selectors depend on it. */ -}}
{{- define "snowline.labels" -}}
{{- $own := include "snowline.ownLabels" . | fromYaml -}}
{{- merge $own .Values.commonLabels | toYaml -}}
{{- end -}}

{{- define "snowline.podLabels" -}}
{{- $own := include "snowline.ownLabels" . | fromYaml -}}
{{- merge $own .Values.podLabels .Values.commonLabels | toYaml -}}
{{- end -}}

{{- define "snowline.ownLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: snowline
{{ include "snowline.selector" . }}
{{- end -}}

{{- /* registry/repository:tag, or registry/repository@digest. Takes (list $ image). */ -}}
{{- define "snowline.imageReference" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- with $image.registry }}{{ . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ default $root.Chart.AppVersion $image.tag }}{{ end -}}
{{- end -}}

{{- define "snowline.image" -}}
{{- include "snowline.imageReference" (list . .Values.image) -}}
{{- end -}}

{{- /* The operator's, part by part, where runtime.image says nothing. A tag or repository of its own does not go with the operator's digest. */ -}}
{{- define "snowline.runtimeImage" -}}
{{- $own := .Values.runtime.image -}}
{{- $other := or $own.repository $own.tag -}}
{{- $image := dict
  "registry" (default .Values.image.registry $own.registry)
  "repository" (default .Values.image.repository $own.repository)
  "tag" (default .Values.image.tag $own.tag)
  "digest" (default (ternary "" .Values.image.digest (not (empty $other))) $own.digest) -}}
{{- include "snowline.imageReference" (list . $image) -}}
{{- end -}}

{{- /* What restricted Pod Security asks of a container. */ -}}
{{- define "snowline.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "snowline.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}
