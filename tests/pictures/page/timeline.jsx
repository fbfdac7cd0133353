// Stands in for Grafana's state timeline and status history: a band per series over time, coloured and worded by the
// field's mappings and thresholds. The timeline joins equal neighbours, the history has a box for every step.

import { getFieldDisplayName, dateTimeFormat } from '@grafana/data';
import { useTheme2 } from '@grafana/ui';
import { axisTimes, legendItems, Legend, LEGEND_HEIGHT, textWidth } from './plot.jsx';

const AXIS = 22;
const PER_PAGE = 20;

// One band for each field that is not time: `{ name, spans: [{ from, to, shown }] }`.
function bands(series, { merge, range, history }) {
  const out = [];
  for (const frame of series) {
    const time = frame.fields.find(({ type }) => type === 'time');
    for (const field of frame.fields) {
      if (field === time || time === undefined || field.config.custom?.hideFrom?.viz) continue;
      const step = time.config.interval ?? 0;
      const spans = [];
      for (const [index, from] of time.values.entries()) {
        const value = field.values[index];
        if (value === null || value === undefined || Number.isNaN(value)) continue;
        const next = time.values[index + 1] ?? from + step;
        // A series that stopped ends a step after its last sample.
        const to = Math.min(next - from > step * 1.5 ? from + step : next, range.to.valueOf());
        const last = spans.at(-1);
        const shown = field.display(value);
        if (!history && merge && last?.to === from && last.shown.text === shown.text && last.shown.color === shown.color) {
          last.to = to;
        } else {
          spans.push({ from: Math.max(from, range.from.valueOf()), to, shown });
        }
      }
      out.push({ name: getFieldDisplayName(field, frame, series), field, spans: spans.filter(({ from, to }) => to > from) });
    }
  }
  return out;
}

function words({ text, prefix = '', suffix = '' }) {
  return `${prefix}${text}${suffix}`;
}

export function Timeline({ panel, data, options, range, timeZone, width, height }) {
  const theme = useTheme2();
  const history = panel.type === 'status-history';
  const all = bands(data.series, { merge: options.mergeValues ?? true, range, history });
  const page = all.slice(0, options.perPage ?? PER_PAGE);
  const showLegend = options.legend?.showLegend ?? true;
  const room = height - AXIS - (showLegend ? LEGEND_HEIGHT : 0);
  const left = Math.min(width / 3, 14 + Math.max(0, ...page.map(({ name }) => textWidth(name))));
  const scale = (at) =>
    left + ((at - range.from.valueOf()) / (range.to.valueOf() - range.from.valueOf())) * (width - left - 8);
  const row = room / Math.max(1, page.length);
  const thick = row * (options.rowHeight ?? 0.9);
  const thin = history ? (options.colWidth ?? 0.9) : 1;
  return (
    <div style={{ width, height, position: 'relative' }}>
      <svg width={width} height={room + AXIS} style={{ display: 'block', font: '12px Inter', letterSpacing: 'normal' }}>
        {page.map(({ name, spans, field }, index) => (
          <g key={name} transform={`translate(0 ${index * row + (row - thick) / 2})`}>
            <text fill={theme.colors.text.primary} textAnchor="end" x={left - 8} y={thick / 2 + 4}>
              {name}
            </text>
            {spans.map(({ from, to, shown }) => {
              const wide = (scale(to) - scale(from)) * thin;
              const opacity = (field.config.custom?.fillOpacity ?? 70) / 100;
              const fits = textWidth(words(shown)) + 6 < wide && thick >= 13;
              return (
                <g key={from}>
                  <rect
                    data-mark=""
                    fill={shown.color}
                    fillOpacity={opacity}
                    height={thick}
                    rx={1}
                    stroke={shown.color}
                    strokeWidth={field.config.custom?.lineWidth ?? 0}
                    width={Math.max(1, wide)}
                    x={scale(from)}
                  />
                  {options.showValue !== 'never' && (fits || options.showValue === 'always') && (
                    <text
                      fill={theme.colors.getContrastText(shown.color, 3)}
                      textAnchor={options.alignValue === 'center' ? 'middle' : 'start'}
                      x={options.alignValue === 'center' ? (scale(from) + scale(to)) / 2 : scale(from) + 4}
                      y={thick / 2 + 4}
                    >
                      {words(shown)}
                    </text>
                  )}
                </g>
              );
            })}
          </g>
        ))}
        {axisTimes(range, width - left).map((at) => (
          <text key={at} fill={theme.colors.text.primary} textAnchor="middle" x={scale(at)} y={room + 16}>
            {dateTimeFormat(at, { format: 'HH:mm', timeZone })}
          </text>
        ))}
        {all.length > page.length && (
          <text fill={theme.colors.text.secondary} textAnchor="start" x={4} y={room + 16}>
            {`${page.length} of ${all.length}`}
          </text>
        )}
      </svg>
      {showLegend && <Legend items={legendItems(page.flatMap(({ spans }) => spans.map(({ shown }) => shown)))} />}
    </div>
  );
}
