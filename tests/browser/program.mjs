// The programs under test: the canary and its simulated provider, each a process of its own on free ports of loopback.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { until } from './chromium.mjs';

export const HOST = '127.0.0.1';

// Ports that nobody has now; all are held until the last is found, so that none is given twice.
export async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = net.createServer();
      return new Promise((resolve, reject) => {
        server.once('error', reject).listen(0, HOST, () => resolve(server));
      });
    }),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function ask(url, init) {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response.text();
}

// What the machine's own environment says of canaries, keys and proxies must not matter.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(api_canary_|ssl_cert_|.*_api_key$|.*_proxy$)/i.test(name)),
);

// A process that is to run until it is told to end.
class Process {
  constructor(program, parameters, directory) {
    this.said = [];
    this.child = spawn(program, parameters, {
      cwd: directory,
      env: { ...environment, SIM_KEY: 'sk-ant-sim-valid' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const hear = (chunk) => {
      this.said.push(String(chunk));
      this.said.splice(0, this.said.length - 40);
    };
    this.child.stdout.on('data', hear);
    this.child.stderr.on('data', hear);
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error) => {
        this.code = error.message;
        resolve();
      });
      this.child.on('exit', (code, signal) => {
        this.code = code ?? signal;
        resolve();
      });
    });
  }

  // Throws what it said if it ended already.
  stillRuns() {
    if (this.code === undefined) return;
    throw Object.assign(new Error(`it ended (${this.code}):\n${this.said.join('')}`), { final: true });
  }

  async end(signal) {
    this.child.kill(signal);
    await this.ended;
  }
}

// The simulated provider, the directory of everything, and the canaries that watch it.
export class Scene {
  static async start(program) {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'browser-'));
    const [dns, api, plain, control, proxy] = await freePorts(5);
    const scene = new Scene(path.resolve(program), directory, { dns, api, plain, control, proxy });
    const at = (port) => `${HOST}:${port}`;
    scene.simulator = scene.process([
      'simulate',
      ...['--dns.listen-address', at(dns), '--api.listen-address', at(api)],
      ...['--plain.listen-address', at(plain), '--control.listen-address', at(control)],
      ...['--proxy.listen-address', at(proxy), '--ca-file', scene.ca],
    ]);
    await scene.answers(scene.simulator, 'the simulator', `http://${at(control)}/`);
    await until('the root certificate of the simulator is there', () => existsSync(scene.ca));
    return scene;
  }

  constructor(program, directory, ports) {
    this.program = program;
    this.directory = directory;
    this.ports = ports;
    this.ca = path.join(directory, 'ca.pem');
    this.processes = [];
  }

  process(parameters) {
    const started = new Process(this.program, parameters, this.directory);
    this.processes.push(started);
    return started;
  }

  answers(running, what, url) {
    return until(`${what} answers`, async () => {
      running.stillRuns();
      return ask(url);
    });
  }

  write(name, text) {
    const file = path.join(this.directory, name);
    writeFileSync(file, text);
    return file;
  }

  async canary(name, config) {
    const [port] = await freePorts(1);
    const canary = new Canary(this, name, this.write(`${name}.yml`, config), port);
    await canary.start();
    return canary;
  }

  break(host, fault) {
    return ask(`http://${HOST}:${this.ports.control}/faults/${host}.sim.test/${fault}`, { method: 'PUT' });
  }

  heal(host) {
    return ask(`http://${HOST}:${this.ports.control}/faults/${host}.sim.test`, { method: 'DELETE' });
  }

  end() {
    for (const { child } of this.processes) child.kill('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

export class Canary {
  constructor(scene, name, config, port) {
    Object.assign(this, { scene, name, config, port, url: `http://${HOST}:${port}` });
  }

  async start() {
    const state = path.join(this.scene.directory, this.name);
    mkdirSync(state, { recursive: true });
    this.running = this.scene.process([
      `--config.file=${this.config}`,
      `--web.listen-address=${HOST}:${this.port}`,
      `--state.directory=${state}`,
    ]);
    await this.scene.answers(this.running, `the canary ${this.name}`, `${this.url}/-/healthy`);
  }

  stop() {
    return this.running.end('SIGTERM');
  }

  // Waits until every target had its first run, as the metrics say.
  async knows(targets, limit) {
    const known = async () => (await ask(`${this.url}/metrics`)).match(/^target_up\{/gm)?.length ?? 0;
    await until(`the canary ${this.name} knows of ${targets} targets`, async () => (await known()) >= targets, {
      limit,
      every: 250,
      seen: async () => `${await known()} known`,
    });
  }

  // Waits until this is what the metrics say of a target.
  async finds(target, verdict) {
    const series = async () => (await ask(`${this.url}/metrics`)).split('\n').filter((line) => line.startsWith('target_diagnosis_info{'));
    await until(
      `the canary ${this.name} finds ${verdict} of ${target}`,
      async () => (await series()).some((line) => line.includes(`target="${target}"`) && line.includes(`verdict="${verdict}"`)),
      { seen: series },
    );
  }
}
