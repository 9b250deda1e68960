{{- /* The operator's arguments. What is left out has the operator's own default. The image stays first: docs/operator.md says so to Kustomize. */ -}}
{{- define "snowline.arguments" -}}
- --runtime-image={{ include "snowline.runtimeImage" . }}
- --operator-namespace=$(POD_NAMESPACE)
- --identity=$(POD_NAME)
- --leader-elect={{ .Values.leaderElection.enabled }}
- --lease-name={{ include "snowline.fullname" . }}
{{- with .Values.scope.namespaces }}
- --namespaces={{ join "," . }}
{{- end }}
- --runtime-image-pull-policy={{ default .Values.image.pullPolicy .Values.runtime.image.pullPolicy }}
{{- with .Values.runtime.imagePullSecrets }}
- --runtime-image-pull-secrets={{ join "," . }}
{{- end }}
- --rollout-deadline-seconds={{ int .Values.runtime.rolloutDeadlineSeconds }}
- --scale-to-zero={{ .Values.autoscaling.scaleToZero.enabled }}
- --workers={{ int .Values.workers }}
- --log-level={{ .Values.logLevel }}
- --grace-seconds={{ int .Values.gracePeriodSeconds }}
- --port={{ int .Values.metrics.port }}
{{- if .Values.webhook.enabled }}
- --webhook-port={{ int .Values.webhook.port }}
{{- if .Values.webhook.certManager.enabled }}
- --webhook-certificates=/etc/snowline/webhook
{{- else }}
- --webhook-service={{ include "snowline.fullname" . }}-webhook
- --webhook-configuration={{ include "snowline.clusterName" (list . "") }}
- --webhook-secret={{ include "snowline.fullname" . }}-webhook
{{- end }}
{{- else }}
- --webhook-port=0
{{- end }}
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}
