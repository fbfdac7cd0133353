// Peers that mean harm: whatever they may choose to say is a piece of HTML that runs a script where it is not taken as text.
// Certificates, headers, bodies, DNS answers, a proxy, a status page. Each payload names where it came from.

import dgram from 'node:dgram';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { HOST } from './program.mjs';

const DOMAIN = 'hostile.test';
export const payload = (source) => `<img src=x onerror=__xss='${source}'>`;
// How it is known where it is shown as text, however long texts are cut.
export const trace = (source) => `__xss='${source}'`;

// What a URL may hold: it could end an attribute's value, and begin another attribute.
const BROKEN_OUT = `/"autofocus/onfocus=__xss='path'`;

// A name of `-subj`, in which a slash ends a value.
const subject = (source) => `/O=${payload(`${source}-o`)}/CN=${payload(source)}`.replaceAll('\\', '\\\\');

function openssl(directory, ...parameters) {
  execFileSync('openssl', parameters, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
}

// An authority, a certificate of it, and one that is signed by itself: `ca.pem`, `leaf.pem`, `own.pem`, and keys beside.
function mint(directory) {
  const key = (name) => ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
  const days = ['-days', '60'];
  openssl(directory, 'req', '-x509', ...key('hostile-ca'), '-out', 'hostile-ca.pem', ...days, '-subj', subject('issuer'));
  openssl(directory, 'req', ...key('hostile'), '-out', 'hostile.csr', '-subj', subject('subject'), '-addext', `subjectAltName=DNS:*.${DOMAIN}`);
  openssl(
    directory,
    ...['x509', '-req', '-in', 'hostile.csr', '-out', 'hostile.pem', '-CA', 'hostile-ca.pem', '-CAkey', 'hostile-ca.key'],
    ...['-CAcreateserial', ...days, '-copy_extensions', 'copy'],
  );
  openssl(
    directory,
    ...['req', '-x509', ...key('hostile-own'), '-out', 'hostile-own.pem', ...days, '-subj', subject('own-subject')],
    ...['-addext', `subjectAltName=DNS:${payload('san')}`],
  );
}

const listen = (server) => new Promise((resolve, reject) => server.once('error', reject).listen(0, HOST, () => resolve(server.address().port)));

const label = (text) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
const encoded = (labels) => Buffer.concat([...labels.map(label), Buffer.from([0])]);

// The answer to a DNS query: 127.0.0.1 for A, and for names that begin with `cname` an alias first, which is a payload.
function answer(query) {
  let at = 12;
  const labels = [];
  while (query[at] !== 0) {
    labels.push(query.subarray(at + 1, at + 1 + query[at]).toString('latin1'));
    at += 1 + query[at];
  }
  const type = query.readUInt16BE(at + 1);
  const question = query.subarray(12, at + 5);
  const records = [];
  const record = (owner, kind, data) => {
    const head = Buffer.alloc(10);
    head.writeUInt16BE(kind, 0);
    head.writeUInt16BE(1, 2);
    head.writeUInt32BE(60, 4);
    head.writeUInt16BE(data.length, 8);
    records.push(Buffer.concat([encoded(owner), head, data]));
  };
  let owner = labels;
  if (labels[0].startsWith('cname')) {
    const alias = [payload('cname'), ...DOMAIN.split('.')];
    record(owner, 5, encoded(alias));
    owner = alias;
  }
  if (type === 1) record(owner, 1, Buffer.from([127, 0, 0, 1]));
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  return Buffer.concat([head, question, ...records]);
}

// What the API says, by the first label of its host.
function respond(request, response) {
  const [host] = (request.headers.host ?? '').split('.');
  response.setHeader('server', payload('server'));
  response.setHeader('via', payload('via'));
  response.setHeader('request-id', payload('request-id'));
  response.setHeader('x-request-id', payload('request-id'));
  response.setHeader('cf-ray', payload('cf-ray'));
  response.setHeader('anthropic-organization-id', payload('organization'));
  switch (host) {
    case 'redirect':
      response.writeHead(302, { location: `https://elsewhere.example/${payload('location')}` });
      return response.end();
    case 'html':
      response.writeHead(403, { 'content-type': 'text/html', 'cf-mitigated': payload('mitigated') });
      return response.end(`<!doctype html><title>${payload('title')}</title>${payload('page')}`);
    case 'limited':
      response.writeHead(429, { 'content-type': 'application/json', 'retry-after': payload('retry-after') });
      break;
    case 'body':
      response.writeHead(200, { 'content-type': payload('content-type') });
      return response.end(payload('body'));
    default:
      response.writeHead(500, payload('status-line'), { 'content-type': 'application/json' });
  }
  const error = { type: payload('error-type'), message: payload('message') };
  return response.end(JSON.stringify({ type: 'error', error, request_id: payload('body-request-id') }));
}

const statusPage = JSON.stringify({
  page: { id: 'x', name: payload('page-name'), url: 'https://status.example/', updated_at: '2026-01-01T00:00:00Z' },
  status: { indicator: 'major', description: payload('status-description') },
  components: [{ id: 'api', name: payload('component'), status: 'major_outage' }],
  incidents: [
    {
      id: 'i',
      name: payload('incident'),
      status: 'investigating',
      impact: 'major',
      started_at: '2026-01-01T00:00:00Z',
      created_at: '2026-01-01T00:00:00Z',
      updated_at: '2026-01-01T00:00:00Z',
      shortlink: 'javascript:__xss=1',
      components: [{ id: 'api', name: payload('component'), status: 'major_outage' }],
      incident_updates: [{ id: 'u', status: 'investigating', body: payload('update') }],
    },
  ],
  scheduled_maintenances: [],
});

export class Peers {
  static async start(directory) {
    mint(directory);
    const read = (name) => readFileSync(path.join(directory, name));
    const contexts = {
      usual: tls.createSecureContext({ cert: read('hostile.pem'), key: read('hostile.key') }),
      own: tls.createSecureContext({ cert: read('hostile-own.pem'), key: read('hostile-own.key') }),
    };
    const api = https.createServer(
      {
        cert: read('hostile.pem'),
        key: read('hostile.key'),
        SNICallback: (name, done) => done(null, name.startsWith('own.') ? contexts.own : contexts.usual),
      },
      respond,
    );
    const banner = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.end(`${payload('banner')}\r\n`);
    });
    const proxy = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        const body = payload('proxy-body');
        const head = [`HTTP/1.1 403 ${payload('proxy-reason')}`, `x-deny-reason: ${payload('deny-reason')}`, `server: ${payload('proxy-server')}`];
        socket.end(`${head.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      });
    });
    const status = http.createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(statusPage);
    });
    const dns = dgram.createSocket('udp4');
    dns.on('message', (query, { port, address }) => dns.send(answer(query), port, address));
    await new Promise((resolve) => dns.bind(0, HOST, resolve));
    const ports = {
      dns: dns.address().port,
      api: await listen(api),
      banner: await listen(banner),
      proxy: await listen(proxy),
      status: await listen(status),
    };
    return new Peers(directory, ports, [api, banner, proxy, status, dns]);
  }

  constructor(directory, ports, servers) {
    Object.assign(this, { directory, ports, servers });
  }

  // Who watches them.
  configuration() {
    const { ports, directory } = this;
    const at = (host, port = ports.api, rest = '') => `https://${host}.${DOMAIN}:${port}${rest}`;
    const target = (name, url, ...lines) =>
      [
        `  - name: ${name}`,
        `    url: ${JSON.stringify(url)}`,
        '    resolvers: [hostile]',
        '    expected_networks: []',
        `    tls: { ca_file: ${path.join(directory, 'hostile-ca.pem')} }`,
        ...(lines.some((line) => line.startsWith('provider')) ? [] : ['    provider: anthropic']),
        ...lines.map((line) => `    ${line}`),
      ].join('\n');
    const status = `status_page: { url: "http://${HOST}:${ports.status}/summary.json", component: api }`;
    const regex = `http: { expect: { body_regex: ${JSON.stringify(payload('body-regex'))} } }`;
    return `resolvers:
  hostile: { address: "udp://${HOST}:${ports.dns}" }
routes:
  corp: { proxy: "http://${HOST}:${ports.proxy}" }
defaults: { interval: 3s, timeout: 2s }
targets:
${[
  target('error', at('error'), status),
  target('limited', at('limited')),
  target('redirect', at('redirect')),
  target('html', at('html')),
  target('body', at('body', ports.api, BROKEN_OUT), 'provider: http', regex),
  target('own', at('own')),
  target('banner', at('banner', ports.banner)),
  target('cname', at('cname')),
  target('proxied', at('proxied'), 'routes: [corp, direct]'),
].join('\n')}
`;
  }

  names() {
    return ['error', 'limited', 'redirect', 'html', 'body', 'own', 'banner', 'cname', 'proxied'];
  }

  end() {
    for (const server of this.servers) {
      server.closeAllConnections?.();
      server.close();
    }
  }
}
