// A headless Chromium, and tabs that write down what goes wrong in them.

import { existsSync } from 'node:fs';
import puppeteer from 'puppeteer-core';

const PATIENCE = 30_000;

function chromium() {
  const found = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  const program = found.find((it) => it && existsSync(it));
  if (program === undefined) throw new Error('no Chromium: install the package chromium, or set CHROMIUM');
  return program;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Waits until `holds` returns something that is true, and returns it; what it threw or `seen` last is told otherwise.
export async function until(what, holds, { limit = PATIENCE, every = 100, seen = () => undefined } = {}) {
  const deadline = Date.now() + limit;
  let last = 'it is not so';
  for (;;) {
    try {
      const value = await holds();
      if (value) return value;
    } catch (error) {
      // No waiting helps.
      if (error.final) throw error;
      last = error.message;
    }
    if (Date.now() > deadline) break;
    await sleep(every);
  }
  const now = await Promise.resolve(seen()).catch((error) => error.message);
  throw new Error(`${what}: not within ${limit / 1000} s (${now === undefined ? last : JSON.stringify(now)})`);
}

export class Browser {
  static async open() {
    const browser = await puppeteer.launch({
      executablePath: chromium(),
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--force-color-profile=srgb', '--hide-scrollbars'],
    });
    return new Browser(browser);
  }

  constructor(browser) {
    this.browser = browser;
  }

  version() {
    return this.browser.version();
  }

  // Each tab is of a browser of its own: nothing is shared, connections neither. `lawless` has it ignore the page's
  // policy, so that what is not escaped would run.
  async tab({ beside, ...options } = {}) {
    const context = beside?.context ?? (await this.browser.createBrowserContext());
    const tab = new Tab(context, await context.newPage());
    await tab.prepare(options);
    return tab;
  }

  close() {
    return this.browser.close();
  }
}

export class Tab {
  constructor(context, page) {
    this.context = context;
    this.page = page;
    this.complaints = [];
    this.requests = [];
  }

  async prepare({ width = 1280, height = 900, dark = false, language = 'en', scripts = true, lawless = false }) {
    const { page } = this;
    this.language = language;
    page.on('pageerror', (error) => this.complaints.push(`error of the page: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(`console: ${message.text()} ${message.location().url ?? ''}`);
    });
    page.on('dialog', (dialog) => {
      this.complaints.push(`a dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on('request', (request) => {
      this.requests.push(request.url());
      const { origin, protocol } = new URL(request.url());
      if (this.home !== undefined && origin !== this.home && protocol !== 'data:') {
        this.complaints.push(`asks for something elsewhere: ${request.url()}`);
      }
    });
    page.on('requestfailed', (request) => {
      const error = request.failure()?.errorText;
      // What is under way when one goes elsewhere.
      if (error !== 'net::ERR_ABORTED') this.complaints.push(`request failed: ${request.url()} ${error}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) this.complaints.push(`answered ${response.status()}: ${response.url()}`);
    });
    page.setDefaultTimeout(PATIENCE);
    await page.setExtraHTTPHeaders({ 'accept-language': language === 'zh' ? 'zh-CN,zh;q=0.9' : 'en' });
    await page.emulateTimezone('UTC');
    await page.setViewport({ width, height });
    await this.shade(dark);
    if (lawless) await page.setBypassCSP(true);
    if (!scripts) await page.setJavaScriptEnabled(false);
    await page.evaluateOnNewDocument(() => {
      window.__violations = [];
      addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sample }) =>
        window.__violations.push(`${effectiveDirective} ${blockedURI} ${sample}`.trim()),
      );
    });
  }

  shade(dark) {
    return this.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }]);
  }

  async resize(width, height = 900) {
    await this.page.setViewport({ width, height });
  }

  // Goes there, and returns the answer. Pages keep a stream open, so the network never falls silent.
  async visit(url) {
    const { origin } = new URL(url);
    // A live page may ask for more until it is left: that is no request of the next one.
    if (this.home !== undefined && this.home !== origin) await this.page.goto('about:blank');
    this.home = origin;
    return this.page.goto(url, { waitUntil: 'load' });
  }

  // Clicks as a hand does. Live pages renew their parts, and one that was found may be gone before it is clicked: it is
  // looked for again.
  async click(selector) {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.page.click(selector);
      } catch (error) {
        if (tries === 10 || !/detached/.test(error.message)) throw error;
      }
    }
  }

  run(script, ...parameters) {
    return this.page.evaluate(script, ...parameters);
  }

  until(what, script, parameters = [], options = {}) {
    const { seen, ...rest } = options;
    return until(what, () => this.run(script, ...parameters), {
      ...rest,
      seen: seen === undefined ? undefined : () => this.run(seen, ...parameters),
    });
  }

  violations() {
    return this.run(() => window.__violations ?? []);
  }

  // What is wrong so far, and starts afresh.
  async take() {
    const violations = await this.violations().catch(() => []);
    await this.run(() => void (window.__violations = [])).catch(() => {});
    const complaints = [...this.complaints, ...violations.map((it) => `against its own policy: ${it}`)];
    this.complaints = [];
    return [...new Set(complaints)];
  }

  async picture(file, whole = true) {
    await this.page.screenshot({ path: file, type: 'png', fullPage: whole });
  }

  async close() {
    await this.page.close();
    const left = await this.context.pages();
    if (left.length === 0) await this.context.close();
  }
}
