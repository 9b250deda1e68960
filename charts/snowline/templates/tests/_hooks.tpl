{{- /* Where the canary runs: a namespace that this operator looks after. */ -}}
{{- define "snowline.canaryNamespace" -}}
{{- $scope := .Values.scope.namespaces -}}
{{- if or (not $scope) (has .Release.Namespace $scope) -}}{{ .Release.Namespace }}{{- else -}}{{ first $scope }}{{- end -}}
{{- end -}}

{{- define "snowline.canaryName" -}}
{{ include "snowline.fullname" . | trunc 48 | trimSuffix "-" }}-canary
{{- end -}}

{{- /* A test that failed leaves what it made, to be looked at; the next one replaces it. Takes (list $ weight). */ -}}
{{- define "snowline.testHook" -}}
helm.sh/hook: test
helm.sh/hook-weight: {{ index . 1 | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{- /* A pod that runs one of files/tests. Takes (dict "root" $ "name" … "weight" … "script" … "arguments" …). */ -}}
{{- define "snowline.testPod" -}}
{{- $ := .root -}}
apiVersion: v1
kind: Pod
metadata:
  name: {{ .name }}
  namespace: {{ $.Release.Namespace }}
  labels: {{- include "snowline.testLabels" $ | nindent 4 }}
  annotations: {{- include "snowline.testHook" (list $ .weight) | nindent 4 }}
spec:
  restartPolicy: Never
  serviceAccountName: {{ include "snowline.fullname" $ }}-test
  enableServiceLinks: false
  securityContext: {{- include "snowline.podSecurity" $ | nindent 4 }}
  {{- with $.Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $.Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $.Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: test
      image: {{ include "snowline.image" $ | quote }}
      imagePullPolicy: {{ $.Values.image.pullPolicy }}
      command: [node, --disable-warning=ExperimentalWarning, /tests/{{ .script }}]
      args: {{- toYaml .arguments | nindent 8 }}
      env:
        - { name: NODE_EXTRA_CA_CERTS, value: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt }
      resources:
        requests: { cpu: 50m, memory: 64Mi }
        limits: { memory: 256Mi }
      securityContext: {{- include "snowline.containerSecurity" $ | nindent 8 }}
      volumeMounts:
        - { name: tests, mountPath: /tests, readOnly: true }
  volumes:
    - name: tests
      configMap: { name: {{ include "snowline.fullname" $ }}-test }
{{- end -}}

{{- /* Not the operator's selector: its Services must not find these pods. */ -}}
{{- define "snowline.testLabels" -}}
{{- merge (dict "app.kubernetes.io/component" "test") (include "snowline.ownLabels" . | fromYaml) .Values.commonLabels | toYaml -}}
{{- end -}}
