// Stands in for Grafana's heatmap of buckets: a column for each step, a row for each bucket, the darker the fuller.

import { dateTimeFormat, getValueFormat, formattedValueToString } from '@grafana/data';
import { useTheme2 } from '@grafana/ui';
import * as schemes from 'd3-scale-chromatic';
import { axisTimes, LEGEND_HEIGHT } from './plot.jsx';

const AXIS = 22;
const LEFT = 60;

export function Heatmap({ data, options, range, timeZone, width, height }) {
  const theme = useTheme2();
  const [frame] = data.series;
  const [time, ...buckets] = frame.fields;
  const showLegend = options.legend?.show ?? true;
  const room = height - AXIS - (showLegend ? LEGEND_HEIGHT : 0);
  const row = room / buckets.length;
  const scale = (at) =>
    LEFT + ((at - range.from.valueOf()) / (range.to.valueOf() - range.from.valueOf())) * (width - LEFT - 8);
  const gap = options.cellGap ?? 1;
  const wide = Math.max(1, scale(time.config.interval) - scale(0) - gap);
  const most = Math.max(...buckets.flatMap(({ values }) => values.filter(Number.isFinite)));
  const scheme = schemes[`interpolate${options.color?.scheme ?? 'Oranges'}`];
  const paint = (value) => {
    const linear = value / most;
    const part = options.color?.scale === 'linear' ? linear : linear ** (options.color?.exponent ?? 0.5);
    // On a dark page Grafana turns schemes that go from light to dark around.
    return scheme(options.color?.reverse ? part : 1 - part);
  };
  const format = getValueFormat(options.yAxis?.unit ?? data.fieldConfig.defaults.unit ?? 'short');
  const label = ({ name }) =>
    Number.isFinite(Number(name)) ? formattedValueToString(format(Number(name), options.yAxis?.decimals)) : name;
  const least = options.filterValues?.le ?? 1e-9;
  const every = Math.ceil(14 / row);
  return (
    <div style={{ width, height }}>
      <svg width={width} height={room + AXIS} style={{ display: 'block', font: '12px Inter', letterSpacing: 'normal' }}>
        {buckets.map((bucket, index) => {
          const y = room - (index + 1) * row;
          return (
            <g key={bucket.name}>
              {index % every === 0 && y + row / 3 > 4 && (
                <text fill={theme.colors.text.primary} textAnchor="end" x={LEFT - 8} y={Math.max(11, y + 4)}>
                  {label(bucket)}
                </text>
              )}
              {bucket.values.map((value, at) =>
                value > least ? (
                  <rect
                    key={at}
                    data-mark=""
                    fill={paint(value)}
                    height={Math.max(1, row - gap)}
                    width={wide}
                    x={Math.max(LEFT, scale(time.values[at]) - wide)}
                    y={y}
                  />
                ) : null,
              )}
            </g>
          );
        })}
        {axisTimes(range, width - LEFT).map((at) => (
          <text key={at} fill={theme.colors.text.primary} textAnchor="middle" x={scale(at)} y={room + 16}>
            {dateTimeFormat(at, { format: 'HH:mm', timeZone })}
          </text>
        ))}
      </svg>
      {showLegend && (
        <div style={{ display: 'flex', alignItems: 'center', gap: 6, height: LEGEND_HEIGHT, paddingLeft: LEFT, fontSize: 12 }}>
          <span>0</span>
          <div
            style={{
              width: 180,
              height: 8,
              background: `linear-gradient(to right, ${[0.02, 0.25, 0.5, 0.75, 1].map((part) => paint(part * most)).join(',')})`,
            }}
          />
          <span>{formattedValueToString(getValueFormat('short')(most))}</span>
        </div>
      )}
    </div>
  );
}
