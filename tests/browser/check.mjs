// Holds the pages of a real canary, which watches a simulated provider, to what is promised of them, in a real browser.
//
//   node check.mjs --canary PROGRAM --out DIRECTORY [--only CHAPTER]…
//
// Pictures of what failed are in the directory. The chapters are loads, live, language, policy, access, widths,
// keyboard, plain, hostile, sown, tabs, crowd, restart and many.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Browser } from './chromium.mjs';
import { access, keyboard, widths } from './checks/access.mjs';
import { filter } from './checks/filter.mjs';
import { hostile } from './checks/hostile.mjs';
import { language } from './checks/language.mjs';
import { live } from './checks/live.mjs';
import { loads } from './checks/loads.mjs';
import { plain } from './checks/plain.mjs';
import { policy } from './checks/policy.mjs';
import { crowd, restart, tabs } from './checks/restart.mjs';
import { Peers } from './peers.mjs';
import { Scene } from './program.mjs';
import { Report } from './report.mjs';
import { sown } from './sown.mjs';
import { configuration, FEW, MANY, THIRTY } from './targets.mjs';

const { values: options } = parseArgs({
  options: { canary: { type: 'string' }, out: { type: 'string' }, only: { type: 'string', multiple: true, default: [] } },
});
if (!options.canary || !options.out || !existsSync(options.canary)) {
  console.error('usage: node check.mjs --canary PROGRAM --out DIRECTORY [--only CHAPTER]…');
  process.exit(2);
}

// In seconds.
const INTERVAL = 2;
// More than there are streams for, as far as a canary has a bound.
const CROWD = 20;
const TABS = 8;

// One of the thirty that always fails, and what is to be said of it.
const BROKEN = {
  name: 'claude-busy',
  wanted: { state: 'down', layer: 'api', verdict: /capacity|overload/i, who: /provider/i, remedy: /\w/ },
};

const report = new Report(path.resolve(options.out));
const peersOf = [];
let scene;
let browser;

function end() {
  for (const peers of peersOf) peers.end();
  scene?.end();
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    end();
    process.exit(1);
  });
}

const wanted = (chapter) => options.only.length === 0 || options.only.includes(chapter);

async function play() {
  scene = await Scene.start(options.canary);
  const start = (name, timing, targets) => scene.canary(name, configuration(scene, timing, targets));
  // Five hundred need a while for their first run, and have it while everything else goes on.
  const many =
    wanted('many') && (await start('many', { interval: '60s', timeout: '5s', more: ['diagnosis: { follow_ups: false }'] }, MANY));
  const few = await start('few', { interval: `${INTERVAL}s`, timeout: '1500ms' }, FEW);
  const thirty = await start('thirty', { interval: '5s', timeout: '2s' }, THIRTY);
  browser = await Browser.open();
  console.log(`${await browser.version()}, node ${process.version}\n`);
  const stage = { report, browser, scene };
  await few.knows(FEW.length);

  if (wanted('loads')) {
    const one = await start('one', { interval: '2s', timeout: '1s' }, FEW.slice(0, 1));
    await one.knows(1);
    await loads(stage, one, FEW.slice(0, 1));
    await one.stop();
    await thirty.knows(THIRTY.length);
    await loads(stage, thirty, THIRTY);
  }
  if (wanted('live')) await live(stage, few, INTERVAL);
  if (wanted('language')) await language(stage, few, 'claude');
  if (wanted('policy')) await policy(stage, few);
  await thirty.knows(THIRTY.length);
  const places = [
    ['2 targets', `${few.url}/`],
    ['30 targets', `${thirty.url}/`],
    ['a healthy target', `${thirty.url}/targets/claude`],
    ['a failing target', `${thirty.url}/targets/${BROKEN.name}`],
  ];
  if (wanted('access')) await access(stage, places);
  if (wanted('widths')) await widths(stage, places.slice(1));
  if (wanted('keyboard')) await keyboard(stage, `${thirty.url}/`);
  if (wanted('plain')) await plain(stage, thirty, THIRTY, BROKEN.name);
  if (wanted('hostile')) {
    const peers = await Peers.start(scene.directory);
    peersOf.push(peers);
    const attacked = await scene.canary('hostile', peers.configuration());
    await attacked.knows(peers.names().length);
    await hostile(stage, attacked, peers.names());
    await attacked.stop();
  }
  if (wanted('sown')) {
    await scene.break('eu', 'http-529');
    await few.finds('claude-eu', 'provider_overloaded');
    await sown(stage, few, { ...BROKEN, name: 'claude-eu' });
    await scene.heal('eu');
  }
  if (wanted('tabs')) await tabs(stage, few, TABS);
  if (wanted('crowd')) await crowd(stage, few, CROWD);
  if (wanted('restart')) await restart(stage, few);
  if (wanted('many')) {
    await many.knows(MANY.length, 90_000);
    await loads(stage, many, MANY);
    await filter(stage, many, MANY);
  }
}

let fine = false;
try {
  await play();
  fine = report.end();
} catch (error) {
  report.end();
  console.error(`the checks could not go on: ${error.stack}`);
} finally {
  await browser?.close();
  end();
}
process.exit(fine ? 0 : 1);
