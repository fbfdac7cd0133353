// The panels, by kind: with Grafana's own components where there are such on npm; `timeline.jsx` and `heatmap.jsx` stand in
// for panels that only the server has.

import {
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  ReducerID,
  renderMarkdown,
  VizOrientation,
} from '@grafana/data';
import { BarGauge, BigValue, TimeSeries, useTheme2, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { Heatmap } from './heatmap.jsx';
import { Timeline } from './timeline.jsx';

const legendOf = (options) => ({ calcs: [], displayMode: 'list', placement: 'bottom', showLegend: true, ...options.legend });

function displayValues({ data, options, replace, theme, timeZone }, sparkline) {
  return getFieldDisplayValues({
    autoMinMax: true,
    data: data.series,
    fieldConfig: data.fieldConfig,
    reduceOptions: { calcs: [ReducerID.lastNotNull], ...options.reduceOptions },
    replaceVariables: replace,
    sparkline,
    theme,
    timeZone,
  });
}

// What stat panels and bar gauges share: a value for each series, side by side.
function Values({ of, sparkline = false, item, ...rest }) {
  const theme = useTheme2();
  const values = displayValues({ ...of, theme }, sparkline);
  return (
    <VizRepeater
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      getValues={() => values}
      height={of.height}
      orientation={of.options.orientation ?? VizOrientation.Auto}
      renderCounter={0}
      renderValue={(it) => item({ ...it, theme, count: values.length })}
      source={of.data}
      width={of.width}
      {...rest}
    />
  );
}

function Stat(props) {
  const { options, range } = props;
  const graphMode = options.graphMode ?? 'area';
  return (
    <Values
      autoGrid
      item={({ value, ...rest }) => (
        <BigValue
          {...rest}
          colorMode={options.colorMode ?? 'value'}
          disableWideLayout={options.wideLayout === false}
          graphMode={graphMode}
          justifyMode={options.justifyMode ?? 'auto'}
          percentChangeColorMode={options.percentChangeColorMode}
          sparkline={
            value.sparkline && {
              ...value.sparkline,
              timeRange: range,
            }
          }
          text={options.text}
          textMode={options.textMode ?? 'auto'}
          value={value.display}
        />
      )}
      itemSpacing={3}
      of={props}
      sparkline={graphMode !== 'none'}
    />
  );
}

function Bars(props) {
  const { options } = props;
  return (
    <Values
      item={({ value, theme, ...rest }) => (
        <BarGauge
          {...rest}
          display={value.view?.getFieldDisplayProcessor(value.colIndex)}
          displayMode={options.displayMode ?? 'gradient'}
          field={value.field}
          namePlacement={options.namePlacement}
          showUnfilled={options.showUnfilled ?? true}
          text={options.text}
          theme={theme}
          value={value.display}
          valueDisplayMode={options.valueMode}
        />
      )}
      itemSpacing={8}
      maxVizHeight={options.sizing === 'manual' ? options.maxVizHeight : 300}
      minVizHeight={options.minVizHeight ?? 16}
      minVizWidth={options.minVizWidth ?? 8}
      of={props}
    />
  );
}

function Lines({ data, options, range, timeZone, width, height }) {
  return (
    <TimeSeries
      frames={data.series}
      height={height}
      legend={legendOf(options)}
      options={options}
      structureRev={1}
      timeRange={range}
      timeZone={timeZone}
      width={width}
    />
  );
}

function Rows({ data, options, range, width, height }) {
  return (
    <TableNG
      cellHeight={options.cellHeight ?? 'sm'}
      data={data.series[0]}
      enableVirtualization={false}
      fieldConfig={data.fieldConfig}
      frozenColumns={options.frozenColumns?.left}
      height={height}
      noHeader={options.showHeader === false}
      noValue={data.fieldConfig.defaults.noValue}
      sortBy={options.sortBy}
      structureRev={1}
      timeRange={range}
      width={width}
    />
  );
}

function Text({ options, replace, height }) {
  const html = renderMarkdown(replace(options.content));
  return <div className="markdown-html" style={{ height, overflow: 'hidden' }} dangerouslySetInnerHTML={{ __html: html }} />;
}

export const panels = {
  bargauge: Bars,
  heatmap: Heatmap,
  stat: Stat,
  'state-timeline': Timeline,
  'status-history': Timeline,
  table: Rows,
  text: Text,
  timeseries: Lines,
};
