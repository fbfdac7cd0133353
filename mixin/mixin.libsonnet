// The dashboards and rules of api-canary as a mixin: the files of ../dashboards and ../alerts, with what `_config` says put
// into its places. rules.json is generated from ../alerts/*.rules.yml, since not every jsonnet reads all of YAML.
{
  _config+:: {
    // Which series are the canary's: takes the place of job="api-canary" in every selector of the rules.
    selector: 'job="api-canary"',
    // Where Grafana is, for `dashboard_url`.
    grafanaUrl: 'http://localhost:3000',
    // Where a canary is, for `runbook_url`: it serves /docs/.
    docsUrl: 'http://localhost:10429',
    // What the severities are called at your place.
    severities: { critical: 'critical', warning: 'warning', info: 'info' },
    // Labels for every alert, such as { team: 'platform' }.
    alertLabels: {},
    // Names of alerts to leave out.
    withoutAlerts: [],
    // Tags for every dashboard, beside api-canary by which they link to each other.
    dashboardTags: [],
  },

  local config = self._config,

  // As they stand in the files.
  local written = {
    selector: 'job="api-canary"',
    grafanaUrl: 'http://localhost:3000',
    docsUrl: 'http://localhost:10429',
  },

  local filled(text) =
    std.foldl(
      function(text, name) std.strReplace(text, written[name], config[name]),
      std.objectFields(written),
      text
    ),

  // The same of every text within.
  local filledWithin(value) =
    if std.isString(value) then filled(value)
    else if std.isArray(value) then std.map(filledWithin, value)
    else if std.isObject(value) then std.mapWithKey(function(_, inner) filledWithin(inner), value)
    else value,

  local rule(original) =
    local rule = filledWithin(original);
    if 'alert' in rule then rule {
      labels+: { severity: config.severities[original.labels.severity] } + config.alertLabels,
    } else rule,

  local kept(rule) = !('alert' in rule && std.member(config.withoutAlerts, rule.alert)),

  local groups = [
    group { rules: [rule(original) for original in group.rules if kept(original)] }
    for group in (import 'rules.json').groups
  ],

  local alerting(group) = std.length([rule for rule in group.rules if 'alert' in rule]) > 0,

  // Groups stay whole: alerts see what is recorded before them in their group at the same evaluation.
  prometheusAlerts+:: { groups+: [group for group in groups if alerting(group)] },
  prometheusRules+:: {
    groups+: [group for group in groups if !alerting(group) && std.length(group.rules) > 0],
  },

  // Which series it shows is chosen on the board itself, by its variables.
  local board(json) = json { tags+: config.dashboardTags },

  grafanaDashboards+:: {
    'api-canary-overview.json': board(import '../dashboards/overview.json'),
    'api-canary-target.json': board(import '../dashboards/target.json'),
    'api-canary-api.json': board(import '../dashboards/api.json'),
    'api-canary-canary.json': board(import '../dashboards/canary.json'),
  },
}
