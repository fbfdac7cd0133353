// Where a board's panels stand: Grafana's grid of 24 columns and rows of 30 pixels, with 8 between them.

const COLUMNS = 24;
const ROW = 30;
const GAP = 8;

export const WIDTH = 1920;
const MARGIN = 16;

const column = (WIDTH - 2 * MARGIN - GAP * (COLUMNS - 1)) / COLUMNS;

export function rectangle({ x, y, w, h }) {
  return {
    left: MARGIN + x * (column + GAP),
    top: y * (ROW + GAP),
    width: w * column + (w - 1) * GAP,
    height: h * ROW + (h - 1) * GAP,
  };
}

// A board's panels as one sees them when every row is open: those of closed rows push down what follows.
export function unfolded(board) {
  const out = [];
  let pushed = 0;
  for (const panel of [...board.panels].sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x)) {
    const place = (it, by) => out.push({ ...it, gridPos: { ...it.gridPos, y: it.gridPos.y + by } });
    place(panel, pushed);
    if (panel.type === 'row' && panel.collapsed && panel.panels?.length > 0) {
      const top = Math.min(...panel.panels.map(({ gridPos }) => gridPos.y));
      const bottom = Math.max(...panel.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
      for (const inner of panel.panels) place(inner, pushed + panel.gridPos.y + 1 - top);
      pushed += bottom - top;
    }
  }
  return out;
}
