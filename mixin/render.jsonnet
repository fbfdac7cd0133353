// All files of the mixin, for those who have no build of mixins. Prometheus reads rules as JSON too.
//
//   jsonnet -m out --tla-code config='{ selector: "job=\"canary\"" }' mixin/render.jsonnet
function(config={})
  local mixin = (import 'mixin.libsonnet') + { _config+:: config };
  mixin.grafanaDashboards {
    'prometheus_alerts.json': mixin.prometheusAlerts,
    'prometheus_rules.json': mixin.prometheusRules,
  }
