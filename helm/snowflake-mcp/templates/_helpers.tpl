{{- define "snowflake-mcp.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "snowflake-mcp.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "snowflake-mcp.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "snowflake-mcp.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "snowflake-mcp.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "snowflake-mcp.selectorLabels" -}}
app.kubernetes.io/name: {{ include "snowflake-mcp.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "snowflake-mcp.otherLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "snowflake-mcp.labels" -}}
{{ include "snowflake-mcp.selectorLabels" . }}
{{ include "snowflake-mcp.otherLabels" . }}
{{- end -}}

{{- define "snowflake-mcp.metadata" -}}
name: {{ include "snowflake-mcp.fullname" . }}
namespace: {{ include "snowflake-mcp.namespace" . }}
labels:
  {{- include "snowflake-mcp.labels" . | nindent 2 }}
{{- end -}}

{{- define "snowflake-mcp.image" -}}
{{- with .Values.image -}}
{{- if .registry }}{{ .registry }}/{{ end }}{{ .repository }}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end -}}

{{- define "snowflake-mcp.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "snowflake-mcp.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* The Secret whose keys become variables, or nothing. */}}
{{- define "snowflake-mcp.secretName" -}}
{{- if .Values.existingSecret -}}
{{- .Values.existingSecret -}}
{{- else if or .Values.secret.create .Values.externalSecret.enabled -}}
{{- include "snowflake-mcp.fullname" . -}}
{{- end -}}
{{- end -}}

{{/* Host headers that /mcp answers: the Service's names, those of ingress and route, and what else was asked for. */}}
{{- define "snowflake-mcp.allowedHosts" -}}
{{- $name := include "snowflake-mcp.fullname" . -}}
{{- $namespace := include "snowflake-mcp.namespace" . -}}
{{- $hosts := list $name (printf "%s.%s" $name $namespace) (printf "%s.%s.svc" $name $namespace) (printf "%s.%s.svc.cluster.local" $name $namespace) -}}
{{- if .Values.ingress.enabled }}{{ $hosts = concat $hosts .Values.ingress.hosts }}{{ end -}}
{{- if .Values.httpRoute.enabled }}{{ $hosts = concat $hosts .Values.httpRoute.hostnames }}{{ end -}}
{{- concat (list "localhost" "127.0.0.1" "::1") $hosts .Values.allowedHosts | uniq | join "," -}}
{{- end -}}

{{/* What the port of /mcp speaks. */}}
{{- define "snowflake-mcp.scheme" -}}
{{- if .Values.tls.secretName }}https{{ else }}http{{ end -}}
{{- end -}}

{{/* The address clients know the server by: of the first host that is served with TLS, where an issuer may need it and nobody has said. */}}
{{- define "snowflake-mcp.publicUrl" -}}
{{- if and (or (hasKey .Values.config "OAUTH_ISSUER") .Values.callersFile.secretName) (not (hasKey .Values.config "PUBLIC_URL")) -}}
{{- if and .Values.ingress.enabled .Values.ingress.tls .Values.ingress.hosts -}}
https://{{ first .Values.ingress.hosts }}/mcp
{{- else if and .Values.httpRoute.enabled .Values.httpRoute.hostnames -}}
https://{{ first .Values.httpRoute.hostnames }}/mcp
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The label `job` of the pods' metrics, whichever object has them scraped. */}}
{{- define "snowflake-mcp.job" -}}
{{- .Values.metrics.prometheusRule.job | default (include "snowflake-mcp.fullname" .) -}}
{{- end -}}

{{/* What ServiceMonitor and PodMonitor say of an endpoint alike. */}}
{{- define "snowflake-mcp.scrape" -}}
{{- $root := index . 0 -}}
{{- $values := index . 1 -}}
interval: {{ $values.interval }}
{{- with $values.scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- if $values.honorLabels }}
honorLabels: true
{{- end }}
relabelings:
  # Rules and dashboard tell releases apart by it.
  - { targetLabel: job, replacement: {{ include "snowflake-mcp.job" $root }} }
  {{- with $values.relabelings }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $values.metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Not empty where the chart makes the secret that cursors are signed with. */}}
{{- define "snowflake-mcp.makesCursorSecret" -}}
{{- $own := hasKey .Values.secret.data "CURSOR_SECRET" -}}
{{- range .Values.extraEnv }}{{ if eq .name "CURSOR_SECRET" }}{{ $own = true }}{{ end }}{{ end -}}
{{- with .Values.existingSecret }}
{{- with lookup "v1" "Secret" (include "snowflake-mcp.namespace" $) . }}{{ if hasKey .data "CURSOR_SECRET" }}{{ $own = true }}{{ end }}{{ end -}}
{{- end -}}
{{- if and .Values.cursorSecret.create (not $own) }}true{{ end -}}
{{- end -}}

{{/* Names of variables whose values are secret. */}}
{{- define "snowflake-mcp.secretNames" -}}
(API_KEYS?|_PASSWORD|_TOKEN|_PRIVATE_KEY|_PASSPHRASE|_CLIENT_SECRET|CURSOR_SECRET|OTLP_HEADERS)$
{{- end -}}

{{/* What would render but not work, each with what to change. Repeats the schema where the schema can be skipped. */}}
{{- define "snowflake-mcp.guards" -}}
{{- $sources := list -}}
{{- if .Values.existingSecret }}{{ $sources = append $sources "existingSecret" }}{{ end -}}
{{- if .Values.secret.create }}{{ $sources = append $sources "secret.create" }}{{ end -}}
{{- if .Values.externalSecret.enabled }}{{ $sources = append $sources "externalSecret.enabled" }}{{ end -}}
{{- if gt (len $sources) 1 -}}
{{- fail (printf "Credentials come from exactly one source, but %s are set: keep one of them." (join " and " $sources)) -}}
{{- end -}}
{{- if and .Values.secret.create (not .Values.secret.data) -}}
{{- fail "secret.create is set but secret.data is empty: give it the variables, or use existingSecret." -}}
{{- end -}}
{{- if and .Values.externalSecret.enabled (not (or .Values.externalSecret.data .Values.externalSecret.dataFrom)) -}}
{{- fail "externalSecret.enabled is set but says nothing to read: set externalSecret.dataFrom or externalSecret.data." -}}
{{- end -}}
{{- if and .Values.privateKey.secretName .Values.workloadIdentity.enabled -}}
{{- fail "privateKey.secretName and workloadIdentity.enabled are both set: sign in by one of them." -}}
{{- end -}}
{{- if and .Values.tls.clientCa.secretName (not .Values.tls.secretName) -}}
{{- fail "tls.clientCa.secretName is set without tls.secretName: clients show certificates in TLS only, so give the pods one, or have the ingress ask for them." -}}
{{- end -}}
{{- if eq .Values.image.tag "latest" -}}
{{- fail "image.tag is latest, which changes under a running release: name a version, or set image.digest." -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (not (kindIs "invalid" .Values.replicaCount)) -}}
{{- fail "replicaCount and autoscaling.enabled are both set: leave replicaCount null, the autoscaler decides." -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) -}}
{{- fail "autoscaling.minReplicas is above autoscaling.maxReplicas: lower one or raise the other." -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (not .Values.autoscaling.targetCPUUtilizationPercentage) (not .Values.autoscaling.targetCallsInFlight) -}}
{{- fail "autoscaling.enabled has nothing to aim for: set targetCPUUtilizationPercentage or targetCallsInFlight." -}}
{{- end -}}
{{- $min := not (kindIs "invalid" .Values.podDisruptionBudget.minAvailable) -}}
{{- $max := not (kindIs "invalid" .Values.podDisruptionBudget.maxUnavailable) -}}
{{- if and .Values.podDisruptionBudget.enabled (eq $min $max) -}}
{{- fail "podDisruptionBudget takes exactly one of minAvailable and maxUnavailable: set one and leave the other null." -}}
{{- end -}}
{{- range $name, $port := dict "ports.http" .Values.ports.http "ports.management" .Values.ports.management "service.port" .Values.service.port "service.managementPort" .Values.service.managementPort -}}
{{- if or (lt (int $port) 1) (gt (int $port) 65535) -}}
{{- fail (printf "%s is %v, which is no port: choose one from 1 to 65535." $name $port) -}}
{{- end -}}
{{- end -}}
{{- if eq (int .Values.ports.http) (int .Values.ports.management) -}}
{{- fail "ports.http and ports.management are the same: give each its own." -}}
{{- end -}}
{{- if eq (int .Values.service.port) (int .Values.service.managementPort) -}}
{{- fail "service.port and service.managementPort are the same: give each its own." -}}
{{- end -}}
{{- $scrapers := 0 -}}
{{- range list .Values.metrics.serviceMonitor.enabled .Values.metrics.podMonitor.enabled .Values.metrics.annotations -}}
{{- if . }}{{ $scrapers = add1 $scrapers }}{{ end -}}
{{- end -}}
{{- if gt (int $scrapers) 1 -}}
{{- fail "Pods would be scraped twice: enable one of metrics.serviceMonitor, metrics.podMonitor and metrics.annotations." -}}
{{- end -}}
{{- range list "SERVER_PORT" "MANAGEMENT_PORT" "SHUTDOWN_TIMEOUT" "SERVER_HOST" "ALLOWED_HOSTS" -}}
{{- if hasKey $.Values.config . -}}
{{- fail (printf "config.%s is made by the chart: set ports, shutdownTimeoutSeconds or allowedHosts instead." .) -}}
{{- end -}}
{{- end -}}
{{- range list "TLS_CERT_FILE" "TLS_KEY_FILE" "TLS_CLIENT_CA_FILE" "TLS_CLIENT_AUTH" -}}
{{- if hasKey $.Values.config . -}}
{{- fail (printf "config.%s is made by the chart: name the Secrets in tls instead." .) -}}
{{- end -}}
{{- end -}}
{{- range $name, $_ := .Values.config -}}
{{- if regexMatch (include "snowflake-mcp.secretNames" $) $name -}}
{{- fail (printf "config.%s is a secret and would be readable in a ConfigMap: put it into existingSecret, secret.data or an ExternalSecret." $name) -}}
{{- end -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- if has .name (list "SERVER_PORT" "MANAGEMENT_PORT" "SHUTDOWN_TIMEOUT" "SERVER_HOST" "ALLOWED_HOSTS") -}}
{{- fail (printf "extraEnv sets %s, which the chart makes: set ports, shutdownTimeoutSeconds or allowedHosts instead." .name) -}}
{{- end -}}
{{- if and (hasKey . "value") (regexMatch (include "snowflake-mcp.secretNames" $) .name) -}}
{{- fail (printf "extraEnv has the value of %s, a secret that everybody who sees the pod could read: take it by valueFrom." .name) -}}
{{- end -}}
{{- end -}}
{{- $elsewhere := or .Values.existingSecret .Values.secret.create .Values.externalSecret.enabled .Values.extraEnv .Values.extraEnvFrom -}}
{{- $names := join " " (keys .Values.config) -}}
{{- if and (not $elsewhere) (ne (get .Values.config "WAREHOUSE_BACKEND" | toString) "embedded") (not (regexMatch "SNOWFLAKE_ACCOUNT" $names)) -}}
{{- fail "No account is named. Set config.SNOWFLAKE_ACCOUNT and how to sign in, or, to try it on sample data, install with --values ci/embedded-values.yaml." -}}
{{- end -}}
{{- $callers := or .Values.callersFile.secretName (hasKey .Values.config "OAUTH_ISSUER") -}}
{{- if and (not $elsewhere) (not $callers) (ne (get .Values.config "ALLOW_ANONYMOUS" | toString) "true") -}}
{{- fail "Nobody could call: put API_KEY into existingSecret, secret.data or an ExternalSecret, name a callersFile.secretName, or set config.OAUTH_ISSUER, or set config.ALLOW_ANONYMOUS to true where everybody who reaches the Service may." -}}
{{- end -}}
{{- $policy := .Values.networkPolicy -}}
{{- if and $policy.enabled (or .Values.ingress.enabled .Values.httpRoute.enabled) (not $policy.ingressController.enabled) (not $policy.ingressFrom) -}}
{{- fail "networkPolicy.enabled would keep the ingress controller out: set networkPolicy.ingressController.enabled and its namespaceLabels, or networkPolicy.ingressFrom." -}}
{{- end -}}
{{- if and .Values.service.loadBalancerSourceRanges (ne .Values.service.type "LoadBalancer") -}}
{{- fail "service.loadBalancerSourceRanges does nothing for a Service of another type than LoadBalancer: use networkPolicy, or change service.type." -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- fail "ingress.enabled is set without ingress.hosts: name the hosts it serves." -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- fail "httpRoute.enabled is set without httpRoute.parentRefs: name the Gateway it belongs to." -}}
{{- end -}}
{{- end -}}
