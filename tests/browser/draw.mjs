// Draws the status pages for the documentation: a scene with trouble in every layer, the same every time but for times.
//
//   node draw.mjs --canary PROGRAM --out DIRECTORY

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Browser, sleep } from './chromium.mjs';
import { Scene } from './program.mjs';
import { configuration } from './targets.mjs';

const { values: options } = parseArgs({ options: { canary: { type: 'string' }, out: { type: 'string' } } });
if (!options.canary || !options.out || !existsSync(options.canary)) {
  console.error('usage: node draw.mjs --canary PROGRAM --out DIRECTORY');
  process.exit(2);
}

const KEY = 'api_key: { env: SIM_KEY }';
const PROXIED = 'routes: [direct, corp]';
const BOTH = 'resolvers: [campus, public]';

// What is watched, and what befalls it: from and until when, in seconds.
const TARGETS = [
  { name: 'claude', host: 'api', lines: [KEY, PROXIED, BOTH, 'call: { kind: stream, interval: 4s, max_daily_cost_usd: 100, between: free }'] },
  { name: 'claude-batch', host: 'batch', lines: [KEY] },
  { name: 'claude-eu', host: 'eu', lines: [KEY, BOTH] },
  { name: 'claude-gateway', host: 'gateway', lines: [KEY, PROXIED] },
  { name: 'claude-office', host: 'office', lines: [KEY] },
  { name: 'claude-staging', host: 'staging', lines: [KEY] },
  { name: 'claude-us', host: 'us', lines: [KEY, BOTH] },
];
const STORY = [
  [8, 16, 'api', 'http-529'],
  [10, 22, 'us', 'tcp-refused'],
  [14, Infinity, 'staging', 'tls-expiring'],
  [18, 26, 'batch', 'http-500'],
  [24, Infinity, 'eu', 'dns-nxdomain'],
  [28, Infinity, 'batch', 'http-429'],
  [30, Infinity, 'gateway', 'proxy-denied'],
  [34, Infinity, 'office', 'tls-expired'],
];
const LENGTH = 48;

let scene;
let browser;
let failed = false;
try {
  if (execFileSync('fc-list', [':lang=zh']).length === 0) {
    throw new Error('no font here has Chinese letters, which the pages show: install the package fonts-droid-fallback');
  }
  mkdirSync(options.out, { recursive: true });
  scene = await Scene.start(options.canary);
  const canary = await scene.canary('draw', configuration(scene, { interval: '2s', timeout: '1500ms' }, TARGETS));
  const began = Date.now();
  const events = STORY.flatMap(([from, to, host, fault]) => [
    { at: from, run: () => scene.break(host, fault) },
    ...(Number.isFinite(to) ? [{ at: to, run: () => scene.heal(host) }] : []),
  ]);
  for (const { at, run } of events.sort((a, b) => a.at - b.at)) {
    await sleep(began + at * 1000 - Date.now());
    await run();
  }
  await sleep(began + LENGTH * 1000 - Date.now());

  browser = await Browser.open();
  const pictures = [
    ['status-overview', '/', { width: 1280, height: 1000 }],
    ['status-overview-dark', '/', { width: 1280, height: 1000, dark: true }],
    ['status-target', '/targets/claude-batch', { width: 1280, height: 1400 }],
    ['status-narrow', '/', { width: 360, height: 900 }],
  ];
  for (const [name, url, window] of pictures) {
    const tab = await browser.tab(window);
    await tab.visit(`${canary.url}${url}`);
    await tab.until(`${name}: the page is connected`, () => document.querySelector('#live')?.dataset.live !== 'connecting');
    const faults = await tab.take();
    if (faults.length > 0) throw new Error(`${name}: ${faults.join('\n')}`);
    const file = path.join(options.out, `${name}.png`);
    await tab.picture(file, false);
    console.log(file);
    await tab.close();
  }
} catch (error) {
  console.error(error.message);
  failed = true;
} finally {
  await browser?.close();
  scene?.end();
}
process.exit(failed ? 1 : 0);
