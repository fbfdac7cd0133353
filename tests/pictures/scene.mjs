// A scene with life in it: a simulated provider, two canaries that watch it from two vantages, and a Prometheus that
// scrapes them, while faults come and go. Needs nothing but node itself, so that it can play while the rest is installed.
//
//   node scene.mjs --canary PROGRAM --minutes 15 --ready FILE
//
// When it has played and Prometheus knows of it all, Prometheus's URL is written to FILE; everything stays as it is then
// until this ends, and ends with it.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: { canary: { type: 'string' }, minutes: { type: 'string', default: '15' }, ready: { type: 'string' } },
});
const length = Number(options.minutes) * 60_000;
const scratch = mkdtempSync(path.join(os.tmpdir(), 'pictures-'));
const children = [];

const stream = 'call: { kind: stream, interval: 6s, max_daily_cost_usd: 100, between: free }';
const proxied = 'routes: [direct, corp]';

// What is watched: the extra lines of its configuration, and the host it is at. The office has its own host for what only
// the office is to find down.
const targets = [
  { name: 'claude', host: 'api', lines: [stream, proxied, 'slo: { objective: 99.5, latency: 2s }'] },
  { name: 'claude-batch', host: 'batch', lines: ['slo: { objective: 99 }'] },
  { name: 'claude-eu', host: 'eu', lines: [stream, 'slo: { objective: 99.5 }'] },
  { name: 'claude-gateway', host: 'gateway', lines: [proxied, 'slo: { objective: 99.5 }'] },
  { name: 'claude-models', host: 'models', lines: [proxied] },
  { name: 'claude-office', host: 'cloud', office: 'office', lines: ['slo: { objective: 99 }'] },
  { name: 'claude-staging', host: 'staging', lines: [] },
  { name: 'claude-us', host: 'us', lines: ['slo: { objective: 99.5 }'] },
];

// What happens, by when in the whole: from, until, whose host, which fault.
const story = [
  [0, 1, 'eu', 'tls-expiring'],
  [0, 1, 'staging', 'http-401-keyed'],
  [0.1, 0.2, 'api', 'http-529'],
  [0.15, 0.35, 'models', 'dns-timeout'],
  [0.25, 0.45, 'us', 'http-500'],
  [0.3, 0.5, 'api', 'stream-slow-start'],
  [0.4, 1, 'batch', 'http-429'],
  [0.5, 1, 'office', 'dns-nxdomain'],
  [0.55, 0.6, 'api', 'stream-stall'],
  [0.6, 1, 'gateway', 'proxy-denied'],
  [0.65, 0.75, 'models', 'http-slow'],
  [0.7, 1, 'us', 'tcp-timeout'],
  [0.85, 1, 'api', 'http-529'],
];

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Ports that nobody has now; all are held until the last is found, so that none is given twice.
async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = net.createServer();
      return new Promise((resolve, reject) => {
        server.once('error', reject).listen(0, '127.0.0.1', () => resolve(server));
      });
    }),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

let ending = false;

function end(code) {
  if (ending) return;
  ending = true;
  for (const child of children) child.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  process.exit(code);
}

function start(program, parameters) {
  const child = spawn(program, parameters, {
    cwd: scratch,
    env: { ...process.env, SIM_KEY: 'sk-ant-sim-valid' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = [];
  const hear = (chunk) => said.splice(0, said.length - 20, String(chunk));
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  child.on('error', (error) => {
    console.error(`${program}: ${error.message}`);
    end(1);
  });
  child.on('exit', (code) => {
    if (ending) return;
    console.error(`${program} ${parameters[0]} ended (${code}):\n${said.join('')}`);
    end(1);
  });
  children.push(child);
}

// Waits until `holds` does; it may throw as long as it likes, but not longer than a minute in all.
async function until(what, holds, limit = 60_000) {
  const deadline = Date.now() + limit;
  let last = 'it is not so';
  while (Date.now() < deadline) {
    try {
      if (await holds()) return;
    } catch (error) {
      last = error.message;
    }
    await sleep(200);
  }
  throw new Error(`${what}: not within ${limit / 1000} s (${last})`);
}

async function ask(url, init) {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response.text();
}

function configuration(ports, vantage) {
  const lines = [
    `vantage: ${vantage}`,
    'resolvers:',
    `  campus: { address: "udp://127.0.0.1:${ports.dns}" }`,
    `  public: { address: "tcp://127.0.0.1:${ports.dns}" }`,
    'routes:',
    `  corp: { proxy: "http://127.0.0.1:${ports.proxy}" }`,
    'defaults: { interval: 3s, timeout: 2s }',
    'targets:',
  ];
  for (const { name, host, office, lines: own } of targets) {
    const at = vantage === 'office' ? (office ?? host) : host;
    lines.push(
      `  - name: ${name}`,
      '    provider: anthropic',
      `    url: "https://${at}.sim.test:${ports.api}"`,
      '    resolvers: [campus, public]',
      '    expected_networks: []',
      '    api_key: { env: SIM_KEY }',
      `    tls: { ca_file: ${path.join(scratch, 'ca.pem')} }`,
      ...own.map((line) => `    ${line}`),
    );
  }
  return `${lines.join('\n')}\n`;
}

async function play() {
  const [dns, api, plain, control, proxy, cloud, office, prometheus] = await freePorts(8);
  const listen = (port) => `127.0.0.1:${port}`;
  start(options.canary, [
    'simulate',
    ...['--dns.listen-address', listen(dns), '--api.listen-address', listen(api)],
    ...['--plain.listen-address', listen(plain), '--control.listen-address', listen(control)],
    ...['--proxy.listen-address', listen(proxy), '--ca-file', path.join(scratch, 'ca.pem')],
  ]);
  const simulator = `http://${listen(control)}`;
  await until('the simulator answers', () => ask(simulator));
  await until('its root certificate is there', () => readFileSync(path.join(scratch, 'ca.pem')).length > 0);

  const begun = Date.now();
  const canaries = { cloud, office };
  for (const [vantage, port] of Object.entries(canaries)) {
    const config = path.join(scratch, `${vantage}.yml`);
    const state = path.join(scratch, vantage);
    mkdirSync(state);
    writeFileSync(config, configuration({ dns, api, proxy }, vantage));
    start(options.canary, [
      `--config.file=${config}`,
      `--web.listen-address=${listen(port)}`,
      `--state.directory=${state}`,
    ]);
  }
  // Under names that are the same every time.
  const scraped = Object.entries(canaries).map(
    ([vantage, port]) => `      - { targets: ["${listen(port)}"], labels: { instance: "${vantage}:10429" } }`,
  );
  writeFileSync(
    path.join(scratch, 'prometheus.yml'),
    `global: { scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 2s }
scrape_configs:
  - job_name: api-canary
    static_configs:
${scraped.join('\n')}
`,
  );
  start('prometheus', [
    `--config.file=${path.join(scratch, 'prometheus.yml')}`,
    `--storage.tsdb.path=${path.join(scratch, 'data')}`,
    `--web.listen-address=${listen(prometheus)}`,
  ]);
  const url = `http://${listen(prometheus)}`;

  const events = story.flatMap(([from, to, host, fault]) => [
    { at: from, method: 'PUT', path: `${host}.sim.test/${fault}` },
    ...(to < 1 ? [{ at: to, method: 'DELETE', path: `${host}.sim.test` }] : []),
  ]);
  for (const event of events.sort((a, b) => a.at - b.at || (a.method < b.method ? -1 : 1))) {
    await sleep(begun + event.at * length - Date.now());
    await ask(`${simulator}/faults/${event.path}`, { method: event.method });
  }
  await sleep(begun + length - Date.now());
  const query = `count(target_up) == ${2 * targets.length} and on () count(up == 1) == 2`;
  await until('every target was told of', async () => {
    const answer = await ask(`${url}/api/v1/query?${new URLSearchParams({ query })}`);
    return JSON.parse(answer).data.result.length > 0;
  });
  // Whole or not at all, for whoever waits for it.
  writeFileSync(`${options.ready}.new`, url);
  renameSync(`${options.ready}.new`, options.ready);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(0));
if (!options.canary || !options.ready || !(length > 0) || !existsSync(options.canary)) {
  console.error('usage: node scene.mjs --canary PROGRAM --minutes 15 --ready FILE');
  process.exit(2);
}
play().catch((error) => {
  console.error(error.message);
  end(1);
});
