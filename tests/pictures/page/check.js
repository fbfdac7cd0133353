// Whether a panel shows what it should: what was written on the page and onto canvases is read back.

import { isBooleanUnit } from '@grafana/data';

// What was written onto each canvas; the charts' axes are only there.
const written = new WeakMap();
const { fillText } = CanvasRenderingContext2D.prototype;
CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
  if (!written.has(this.canvas)) written.set(this.canvas, new Set());
  written.get(this.canvas).add(String(text));
  return fillText.call(this, text, ...rest);
};

// Every text of an element: of each node, of what holds it (a number and its unit are often two), and of canvases.
function texts(element) {
  const out = new Set();
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    let node = walker.currentNode;
    for (let level = 0; level < 3 && node !== element; level += 1) {
      out.add(node.textContent.trim());
      node = node.parentNode;
    }
  }
  for (const canvas of element.querySelectorAll('canvas')) {
    for (const text of written.get(canvas) ?? []) out.add(text.trim());
  }
  return [...out];
}

const drawn = ({ config }) => !config.custom?.hidden && !config.custom?.hideFrom?.viz;
const shown = (value) => value !== null && value !== undefined && !Number.isNaN(value);

// Whether there is anything to show: a number, or a row of a table.
export function hasData(panel, series) {
  const [first] = series;
  if (panel.type === 'table') return first !== undefined && first.length > 0 && first.fields.some(drawn);
  return series.some(({ fields }) => fields.some((it) => it.type === 'number' && drawn(it) && it.values.some(shown)));
}

const PLAIN = new Set(['none', 'short', 'string', undefined, '']);
const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

// How a unit may look behind or before a number: of any size, as an axis shows other numbers than there are.
function looks(field, values) {
  const out = new Set();
  const powers = Array.from({ length: 19 }, (_, index) => 10 ** (index - 9));
  for (const value of [...powers, ...powers.map((it) => 3 * it), ...values]) {
    const { prefix = '', suffix = '' } = field.display(value);
    if (suffix.trim()) out.add(`\\d\\s*${escaped(suffix.trim())}$`);
    if (prefix.trim()) out.add(`^-?${escaped(prefix.trim())}\\s*\\d`);
  }
  return [...out].map((pattern) => new RegExp(pattern));
}

// The words that a field has for values, which stand without a unit.
function wordings({ config }) {
  const results = (config.mappings ?? []).flatMap(({ type, options }) =>
    type === 'value' ? Object.values(options) : [options.result],
  );
  return new Set(results.map(({ text }) => text).filter((text) => text !== undefined));
}

function unitMissing(panel, field, seen) {
  const { unit } = field.config;
  const words = wordings(field);
  const values = field.values.filter((value) => Number.isFinite(value));
  if (PLAIN.has(unit) || isBooleanUnit(unit) || values.length === 0) return false;
  if (values.every((value) => words.has(field.display(value).text))) return false;
  const patterns = looks(field, values);
  if (patterns.length > 0) return !seen.some((text) => patterns.some((pattern) => pattern.test(text)));
  // Times and spans in words have nothing behind them: one of the values itself must be there.
  if (panel.type === 'timeseries') return false;
  return !values.some((value) => seen.some((text) => text.includes(field.display(value).text.trim())));
}

// What is wrong with a panel that has been drawn, one text each.
export function faults(panel, { series, fieldConfig }, element) {
  const seen = texts(element);
  if (panel.type === 'text') return seen.length > 0 ? [] : ['it is empty'];
  if (!hasData(panel, series)) {
    const { noValue } = fieldConfig.defaults;
    if (noValue === undefined) return ['there is no data, and no noValue says what that means'];
    return seen.includes(noValue) ? [] : [`there is no data, and ${JSON.stringify(noValue)} is not shown`];
  }
  if (seen.length === 0) return ['nothing was drawn'];
  if (element.dataset.marked === 'svg' && element.querySelector('[data-mark]') === null) {
    return ['nothing was drawn within the time range'];
  }
  const units = new Map();
  for (const field of series.flatMap(({ fields }) => fields)) {
    if (field.type !== 'number' || !drawn(field)) continue;
    const { unit } = field.config;
    units.set(unit, (units.get(unit) ?? true) && unitMissing(panel, field, seen));
  }
  return [...units].filter(([, missing]) => missing).map(([unit]) => `its unit ${unit} is not shown`);
}

// What is no fault but may be one: a panel that says why it has nothing to show, and a table that is wider than its panel.
export function remarks(panel, { series, fieldConfig }, element) {
  if (panel.type !== 'text' && !hasData(panel, series)) {
    return [`it has no data and says ${JSON.stringify(fieldConfig.defaults.noValue)}`];
  }
  const grid = panel.type === 'table' ? element.querySelector('[role=grid]') : null;
  if (grid === null || grid.scrollWidth <= grid.clientWidth + 1) return [];
  return [`its columns need ${grid.scrollWidth} pixels and have ${grid.clientWidth}`];
}
