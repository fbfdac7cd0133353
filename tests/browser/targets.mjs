// What the canaries of the checks watch: configs against the hosts of the simulated provider. A host that is named after
// a fault always has it.

const KEY = 'api_key: { env: SIM_KEY }';
const STREAM = 'call: { kind: stream, interval: 6s, max_daily_cost_usd: 100, between: free }';
const PROXIED = 'routes: [direct, corp]';
const BEHIND = 'routes: [corp]';

export function configuration({ ports, ca }, { interval, timeout, more = [] }, targets) {
  const lines = [
    'resolvers:',
    `  campus: { address: "udp://127.0.0.1:${ports.dns}" }`,
    `  public: { address: "tcp://127.0.0.1:${ports.dns}" }`,
    'routes:',
    `  corp: { proxy: "http://127.0.0.1:${ports.proxy}" }`,
    `defaults: { interval: ${interval}, timeout: ${timeout} }`,
    'targets:',
  ];
  for (const { name, host, lines: own = [] } of targets) {
    lines.push(
      `  - name: ${name}`,
      '    provider: anthropic',
      `    url: "https://${host}.sim.test:${ports.api}"`,
      '    expected_networks: []',
      `    tls: { ca_file: ${ca} }`,
      ...(own.some((line) => line.startsWith('resolvers:')) ? [] : ['    resolvers: [campus]']),
      ...[...own, ...more].map((line) => `    ${line}`),
    );
  }
  return `${lines.join('\n')}\n`;
}

// A target that works, one that fails and has two ways to fail, and one to play with.
export const FEW = [
  { name: 'claude', host: 'api', lines: [KEY, PROXIED] },
  { name: 'claude-eu', host: 'eu', lines: ['resolvers: [campus, public]'] },
];

// What is wrong with whom of the thirty, from the lowest layer to the highest.
const AILING = {
  'claude-mars': 'dns-nxdomain',
  'claude-filtered': 'dns-servfail',
  'claude-sinkhole': 'dns-sinkholed',
  'claude-closed': 'tcp-refused',
  'claude-blackhole': 'tcp-timeout',
  'claude-gateway': 'proxy-denied',
  'claude-old': 'tls-expired',
  'claude-aging': 'tls-expiring',
  'claude-intercepted': 'tls-untrusted',
  'claude-middlebox': 'tls-reset',
  'claude-office': 'portal',
  'claude-batch': 'http-429',
  'claude-staging': 'http-401',
  'claude-busy': 'http-529',
};

export const THIRTY = [
  { name: 'claude', host: 'api', lines: [KEY, PROXIED, 'resolvers: [campus, public]'] },
  { name: 'claude-stream', host: 'stream', lines: [KEY, STREAM] },
  { name: 'claude-dual', host: 'dual', lines: [] },
  ...Object.entries(AILING).map(([name, host]) => ({ name, host, lines: host.startsWith('proxy') ? [BEHIND] : [KEY] })),
  ...Array.from({ length: 13 }, (_, number) => ({ name: `team-${number + 1}`, host: `team-${number + 1}`, lines: [] })),
];

const SOME = ['dns-nxdomain', 'tcp-refused', 'tls-expired', 'http-529', 'tls-expiring'];

// Every twelfth ails.
export const MANY = Array.from({ length: 500 }, (_, number) => ({
  name: `claude-${String(number).padStart(3, '0')}`,
  host: number % 12 === 0 ? SOME[(number / 12) % SOME.length] : `host-${number}`,
}));
