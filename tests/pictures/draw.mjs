// Draws dashboards with Grafana's own components in a headless Chromium, from what a Prometheus knows, and says what is
// wrong with them: a panel that shows nothing, a unit that is not there, an error of the page, a transformation, a
// property or a kind of panel that is not known.
//
//   node draw.mjs --prometheus URL --out DIRECTORY [--dashboards DIRECTORY] [--from now-30m] [--to now]
//                 [--target NAME] [--var UID.VARIABLE=VALUE]… [--only NAME] [--first-screen]
//
// `--target` is for boards of one target; boards with All as a choice show all, unless `--var` says what else.
// In the same run boards with faults sown into them must be found out.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import UPNG from 'upng-js';
import { dashboards, panelsOf, readBoards } from './boards.mjs';
import { Page } from './browser.mjs';
import { instant, Prometheus } from './prometheus.mjs';

const { values: options } = parseArgs({
  options: {
    dashboards: { type: 'string', default: dashboards },
    'first-screen': { type: 'boolean', default: false },
    from: { type: 'string', default: 'now-30m' },
    only: { type: 'string' },
    out: { type: 'string' },
    prometheus: { type: 'string' },
    target: { type: 'string' },
    to: { type: 'string', default: 'now' },
    var: { type: 'string', multiple: true, default: [] },
  },
});
if (options.prometheus === undefined || options.out === undefined) {
  console.error('usage: node draw.mjs --prometheus URL --out DIRECTORY [--from now-30m] [--target NAME]');
  process.exit(2);
}

// The variables that the command line chooses for a board.
function chosen(board) {
  const out = options.target === undefined ? {} : { target: { value: options.target } };
  for (const text of options.var) {
    const [, uid, name, value] = /^([^.]+)\.(\w+)=(.*)$/.exec(text) ?? [];
    if (uid === undefined) throw new Error(`--var ${text}: not UID.VARIABLE=VALUE`);
    if (uid === board.uid) out[name] = { value, always: true };
  }
  return out;
}

// How many points across a panel has room for.
const points = ({ gridPos }) => Math.round((gridPos.w * 1920) / 24 - 80);

// A board's answers by panel, and what Prometheus refused.
async function ask(prometheus, board, values) {
  const answers = {};
  const faults = [];
  for (const panel of panelsOf(board)) {
    try {
      answers[panel.id] = await prometheus.panel(panel, values, points(panel));
    } catch (error) {
      answers[panel.id] = [];
      faults.push({ panel: panel.title, text: error.message });
    }
  }
  for (const { name, expr } of board.annotations?.list ?? []) {
    if (expr === undefined) continue;
    try {
      await prometheus.target({}, { refId: name, expr }, values, 1000);
    } catch (error) {
      faults.push({ panel: `annotation ${name}`, text: error.message });
    }
  }
  return { answers, faults };
}

async function draw(page, prometheus, board) {
  const values = await prometheus.variables(board, chosen(board));
  const { answers, faults } = await ask(prometheus, board, values);
  const range = { from: prometheus.from, to: prometheus.to };
  const drawn = await page.draw(board, values, range, answers);
  return { faults: [...faults, ...drawn.faults], remarks: drawn.remarks };
}

// Fewer colours than a screen has, as these pictures have few: a fifth of the size.
function small(png) {
  const image = UPNG.decode(png);
  return Buffer.from(UPNG.encode(UPNG.toRGBA8(image), image.width, image.height, 128));
}

// Faults that must be found: what to do to a panel, and what has to be said of it.
const sown = {
  'a metric that does not exist': {
    sow(panel) {
      for (const target of panel.targets) target.expr = 'no_such_metric';
      delete panel.fieldConfig.defaults.noValue;
    },
    said: /no data/,
  },
  'a query that cannot be read': { sow: (panel) => (panel.targets[0].expr = 'sum(('), said: /sum\(\(/ },
  'a transformation that nobody knows': {
    sow: (panel) => (panel.transformations = [{ id: 'turnAround', options: {} }]),
    said: /turnAround/,
  },
  'a property that nobody knows': {
    sow: (panel) => (panel.fieldConfig.defaults.untis = 's'),
    said: /untis/,
  },
  'a unit that is drawn nowhere': {
    sow(panel) {
      panel.fieldConfig.defaults.unit = 'watt';
      panel.fieldConfig.defaults.mappings = [];
      panel.fieldConfig.overrides = [];
      panel.options.textMode = 'name';
    },
    said: /unit watt/,
  },
};

// A stat panel that has data, to sow faults into.
async function sound(prometheus, boards) {
  for (const { board } of boards) {
    const values = await prometheus.variables(board, chosen(board));
    for (const panel of panelsOf(board).filter(({ type }) => type === 'stat')) {
      const answers = await prometheus.panel(panel, values, points(panel));
      if (answers.every(({ result }) => result.length > 0)) return { board, panel };
    }
  }
  throw new Error('no board has a stat panel with data to sow faults into');
}

// Which sown faults were not found.
async function unseen(page, prometheus, boards) {
  const { board, panel } = await sound(prometheus, boards);
  const copies = Object.values(sown).map(({ sow }, index) => {
    const copy = structuredClone({ ...panel, id: index + 1, title: String(index) });
    copy.gridPos = { x: 0, y: index * 6, w: 6, h: 6 };
    sow(copy);
    return copy;
  });
  const { faults } = await draw(page, prometheus, { ...board, annotations: undefined, panels: copies });
  return Object.entries(sown)
    .filter(([, { said }], index) => !faults.some(({ panel, text }) => panel === String(index) && said.test(text)))
    .map(([what]) => `not found although it was sown: ${what}`);
}

const now = Date.now();
const range = { from: instant(options.from, now), to: instant(options.to, now) };
const prometheus = new Prometheus(options.prometheus, range);
const boards = readBoards(options.dashboards).filter(({ name }) => options.only === undefined || name === options.only);
mkdirSync(options.out, { recursive: true });

const page = await Page.open();
const failures = [];
try {
  for (const { name, board } of boards) {
    const { faults, remarks } = await draw(page, prometheus, board);
    const file = path.join(options.out, `${name}.png`);
    const png = small(await page.picture(!options['first-screen']));
    writeFileSync(file, png);
    console.log(`${name}: ${panelsOf(board).length} panels, ${Math.round(png.length / 1024)} KiB`);
    for (const { panel, text } of remarks) console.log(`  ${name} | ${panel} | ${text}`);
    failures.push(...faults.map(({ panel, text }) => `${name} | ${panel} | ${text}`));
  }
  failures.push(...(await unseen(page, prometheus, boards)));
} finally {
  await page.close();
}
for (const failure of failures) console.error(failure);
if (failures.length > 0) process.exit(1);
console.log(`nothing is wrong with ${boards.length} boards, and ${Object.keys(sown).length} faults sown were found`);
