// From Prometheus's answers to what Grafana's panels are given: data frames as its Prometheus data source makes them, the
// panel's transformations, and its field configuration.

import {
  applyFieldOverrides,
  cacheFieldDisplayNames,
  dataLinksOverrideProcessor,
  displayNameOverrideProcessor,
  FieldColorModeId,
  FieldConfigOptionsRegistry,
  FieldType,
  identityOverrideProcessor,
  standardTransformers,
  standardTransformersRegistry,
  thresholdsOverrideProcessor,
  toDataFrame,
  transformDataFrame,
  unitOverrideProcessor,
  valueMappingsOverrideProcessor,
} from '@grafana/data';
import { lastValueFrom } from 'rxjs';

// Some are there under two names.
const transformers = new Map(Object.values(standardTransformers).map((it) => [it.id, it]));
standardTransformersRegistry.setInit(() =>
  [...transformers.values()].map((it) => ({
    id: it.id,
    name: it.name,
    transformation: () => Promise.resolve(it),
  })),
);

// Thrown for what a board asks and this drawing does not know, which must not be drawn as if it were not there.
export class Unknown extends Error {}

const number = (text) => (text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text));
// Prometheus's samples of one series: of a range many, of an instant one, of a bare number one without labels.
function series(answer) {
  if (answer.resultType === 'scalar') return [{ metric: {}, values: [answer.result] }];
  return answer.result.map(({ metric, value, values }) => ({ metric, values: values ?? [value] }));
}

const times = (values, step) => ({
  name: 'Time',
  type: FieldType.time,
  config: { interval: step },
  values: values.map(([at]) => at * 1000),
});

function legend({ metric }, { legendFormat, query }) {
  if (legendFormat === '__auto') return undefined;
  if (legendFormat) return legendFormat.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label) => metric[label] ?? '');
  const { __name__: name = '', ...labels } = metric;
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  if (pairs.length > 0) return `${name}{${pairs.join(', ')}}`;
  return name || query;
}

function asSeries(answer) {
  return series(answer).map((one) => {
    const { __name__: metricName, ...labels } = one.metric;
    const name = legend(one, answer);
    return toDataFrame({
      refId: answer.refId,
      name,
      fields: [
        times(one.values, answer.step),
        {
          name: metricName ?? 'Value',
          type: FieldType.number,
          labels,
          config: name === undefined ? {} : { displayNameFromDS: name },
          values: one.values.map(([, value]) => number(value)),
        },
      ],
    });
  });
}

function asTable(answer, several) {
  const all = series(answer);
  const rows = all.flatMap(({ metric, values }) => values.map((sample) => ({ metric, sample })));
  const labels = [...new Set(all.flatMap(({ metric }) => Object.keys(metric)))].sort();
  return toDataFrame({
    refId: answer.refId,
    fields: [
      { name: 'Time', type: FieldType.time, config: {}, values: rows.map(({ sample }) => sample[0] * 1000) },
      ...labels.map((label) => ({
        name: label,
        type: FieldType.string,
        config: { filterable: true },
        values: rows.map(({ metric }) => metric[label] ?? ''),
      })),
      {
        name: several ? `Value #${answer.refId}` : 'Value',
        type: FieldType.number,
        config: {},
        values: rows.map(({ sample }) => number(sample[1])),
      },
    ],
  });
}

// Cumulative buckets become what fell into each; a field per bucket, named by its upper bound.
function asHeatmap(answer) {
  const buckets = series(answer)
    .map((one) => ({ bound: number(one.metric.le), name: one.metric.le, at: new Map(one.values) }))
    .sort((a, b) => a.bound - b.bound);
  const at = [...new Set(buckets.flatMap((bucket) => [...bucket.at.keys()]))].sort((a, b) => a - b);
  const below = at.map(() => 0);
  return toDataFrame({
    refId: answer.refId,
    meta: { type: 'heatmap-rows' },
    fields: [
      times(at.map((it) => [it]), answer.step),
      ...buckets.map((bucket) => ({
        name: bucket.name,
        type: FieldType.number,
        config: {},
        values: at.map((it, index) => {
          const cumulative = number(bucket.at.get(it) ?? 'NaN');
          const inside = Math.max(0, cumulative - below[index]);
          below[index] = cumulative;
          return inside;
        }),
      })),
    ],
  });
}

// The frames of all answers, before any transformation. As in Grafana, tables are numbered where there are several.
function frames(answers) {
  const several = answers.filter(({ format }) => format === 'table').length > 1;
  return answers.flatMap((answer) => {
    switch (answer.format ?? 'time_series') {
      case 'time_series':
        return asSeries(answer);
      case 'table':
        return [asTable(answer, several)];
      case 'heatmap':
        return [asHeatmap(answer)];
      default:
        throw new Unknown(`format ${answer.format}`);
    }
  });
}

const processors = {
  color: identityOverrideProcessor,
  decimals: identityOverrideProcessor,
  description: identityOverrideProcessor,
  displayName: displayNameOverrideProcessor,
  fieldMinMax: identityOverrideProcessor,
  filterable: identityOverrideProcessor,
  links: dataLinksOverrideProcessor,
  mappings: valueMappingsOverrideProcessor,
  max: identityOverrideProcessor,
  min: identityOverrideProcessor,
  noValue: identityOverrideProcessor,
  thresholds: thresholdsOverrideProcessor,
  unit: unitOverrideProcessor,
};

// What Grafana's panels add to what is not said of a field's drawing.
const custom = {
  timeseries: {
    axisPlacement: 'auto',
    drawStyle: 'line',
    fillOpacity: 0,
    gradientMode: 'none',
    lineInterpolation: 'linear',
    lineWidth: 1,
    pointSize: 5,
    scaleDistribution: { type: 'linear' },
    showPoints: 'auto',
    spanNulls: false,
    stacking: { mode: 'none', group: 'A' },
  },
  table: { align: 'auto', cellOptions: { type: 'auto' } },
  'state-timeline': { fillOpacity: 70, lineWidth: 0 },
  'status-history': { fillOpacity: 70, lineWidth: 1 },
};

// Grafana's panels register what may be configured of a field; here it is all that the panel's JSON configures.
function registry(config) {
  const standard = new Set(Object.keys(processors));
  const set = config.overrides.flatMap(({ properties }) => properties.map(({ id }) => id));
  const unknown = [...set, ...Object.keys(config.defaults).filter((key) => key !== 'custom')].find(
    (id) => !standard.has(id) && !id.startsWith('custom.'),
  );
  if (unknown !== undefined) throw new Unknown(`property ${unknown} of a field`);
  const customs = new Set([
    ...Object.keys(config.defaults.custom ?? {}),
    ...set.filter((id) => id.startsWith('custom.')).map((id) => id.slice('custom.'.length)),
  ]);
  const item = (id, path, process, isCustom) => ({
    id,
    path,
    isCustom,
    name: id,
    process,
    shouldApply: () => true,
    settings: {},
  });
  return new FieldConfigOptionsRegistry(() => [
    ...Object.entries(processors).map(([id, process]) => item(id, id, process, false)),
    ...[...customs].map((path) => item(`custom.${path}`, path, identityOverrideProcessor, true)),
  ]);
}

const DEFAULT_THRESHOLDS = {
  mode: 'absolute',
  steps: [
    { value: -Infinity, color: 'green' },
    { value: 80, color: 'red' },
  ],
};

// JSON has no infinity: Grafana reads a threshold's null as the least there is.
const thresholds = (it) => ({
  ...it,
  steps: it.steps.map((step) => ({ ...step, value: step.value ?? -Infinity })),
});

function fieldConfig(panel) {
  const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {};
  const palette = panel.type === 'timeseries' ? FieldColorModeId.PaletteClassic : FieldColorModeId.Thresholds;
  return {
    defaults: {
      color: { mode: palette },
      ...structuredClone(defaults),
      thresholds: thresholds(defaults.thresholds ?? DEFAULT_THRESHOLDS),
      custom: { ...custom[panel.type], ...defaults.custom },
    },
    overrides: overrides.map((override) => ({
      ...override,
      properties: override.properties.map((property) =>
        property.id === 'thresholds' ? { ...property, value: thresholds(property.value) } : property,
      ),
    })),
  };
}

// What a panel is given: its frames, transformed and configured, and its field configuration.
export async function prepare(panel, answers, { theme, timeZone, replace }) {
  for (const { id } of panel.transformations ?? []) {
    if (!transformers.has(id)) throw new Unknown(`transformation ${id}`);
  }
  const raw = frames(answers);
  const transformed = await lastValueFrom(
    transformDataFrame(panel.transformations ?? [], raw, { interpolate: replace }),
  );
  const config = fieldConfig(panel);
  const series = applyFieldOverrides({
    data: transformed,
    fieldConfig: config,
    fieldConfigRegistry: registry(config),
    replaceVariables: replace,
    theme,
    timeZone,
  });
  cacheFieldDisplayNames(series);
  return { series, fieldConfig: config };
}
