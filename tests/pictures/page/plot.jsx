// What the panels that stand in for Grafana's own have in common: the times below a plot, and the legend of its values.

export const LEGEND_HEIGHT = 24;

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440].map((minutes) => minutes * 60_000);

// Round times within the range, as many as `width` pixels have room for.
export function axisTimes(range, width) {
  const [from, to] = [range.from.valueOf(), range.to.valueOf()];
  const step = STEPS.find((it) => ((to - from) / it) * 80 < width) ?? STEPS.at(-1);
  const first = Math.ceil(from / step) * step;
  return Array.from({ length: Math.floor((to - first) / step) + 1 }, (_, index) => first + index * step);
}

const canvas = document.createElement('canvas').getContext('2d');

export function textWidth(text) {
  canvas.font = '12px Inter';
  return canvas.measureText(text).width;
}

// Each wording once, in the order in which they came.
export function legendItems(shown) {
  return [...new Map(shown.map((it) => [it.text + (it.suffix ?? ''), it.color])).entries()];
}

export function Legend({ items }) {
  return (
    <div style={{ display: 'flex', gap: 12, height: LEGEND_HEIGHT, alignItems: 'center', overflow: 'hidden', fontSize: 12 }}>
      {items.map(([text, color]) => (
        <span key={text} style={{ display: 'flex', gap: 6, alignItems: 'center', whiteSpace: 'nowrap' }}>
          <i style={{ width: 14, height: 4, borderRadius: 2, background: color }} />
          {text}
        </span>
      ))}
    </div>
  );
}
