{{- /* Seconds as a person says them: 1 h, 15 min, 90 s. */ -}}
{{- define "snowline.duration" -}}
{{- if and (ge . 3600) (eq (mod . 3600) 0) -}}{{ div . 3600 }} h
{{- else if and (ge . 60) (eq (mod . 60) 0) -}}{{ div . 60 }} min
{{- else -}}{{ . }} s
{{- end -}}
{{- end -}}

{{- /* Puts what the values say for the names in angle brackets. Takes (dict "text" … "given" …). */ -}}
{{- define "snowline.filled" -}}
{{- $text := .text -}}
{{- range $name, $value := .given -}}
{{- $text = replace (printf "<%s>" $name) (toString $value) $text -}}
{{- end -}}
{{- $text -}}
{{- end -}}

{{- /* A rule as Prometheus reads it; nothing for an alert that the values leave out. Takes (dict "entry" … "rule" values "given" …). */ -}}
{{- define "snowline.alertRule" -}}
{{- $entry := .entry -}}
{{- $expr := include "snowline.filled" (dict "text" $entry.expr "given" .given) -}}
{{- if $entry.record -}}
{{- dict "record" $entry.record "expr" $expr | toYaml -}}
{{- else -}}
{{- $override := default dict (index .rule.overrides $entry.alert) -}}
{{- if ne (toString $override.enabled) "false" -}}
{{- $labels := dict "severity" (default $entry.severity $override.severity) -}}
{{- if $entry.sign -}}{{- $_ := set $labels "sign" $entry.sign -}}{{- end -}}
{{- $base := default "docs/runbooks" (trimSuffix "/" .rule.runbookBaseUrl) -}}
{{- $annotations := dict
  "summary" (include "snowline.filled" (dict "text" $entry.summary "given" .given))
  "description" (include "snowline.filled" (dict "text" $entry.description "given" .given))
  "runbook_url" (printf "%s/%s.md" $base $entry.alert) -}}
{{- $made := dict
  "alert" $entry.alert
  "expr" $expr
  "labels" (merge $labels .rule.alertLabels)
  "annotations" $annotations -}}
{{- with default $entry.for $override.for -}}{{- $_ := set $made "for" . -}}{{- end -}}
{{- toYaml $made -}}
{{- end -}}
{{- end -}}
{{- end -}}
