// The page in a headless Chromium, and what the page complained about. Nothing is fetched from anywhere: what the page
// asks for is answered from here.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import esbuild from 'esbuild';
import puppeteer from 'puppeteer-core';
import { here } from './boards.mjs';

const WIDTH = 1920;
const ORIGIN = 'http://pictures.test';
const icons = path.join(here, 'node_modules/@grafana/ui/dist/public/img/icons');
// Grafana's styles ask its server for these.
const fonts = {
  'Inter-Medium.woff2': 'inter/files/inter-latin-500-normal.woff2',
  'Inter-Regular.woff2': 'inter/files/inter-latin-400-normal.woff2',
  'L0xTDF4xlVMF-BfR8bXMIhJHg45mwgGEFl0_3vrtSM1J-gEPT5Ese6hmHSh0mQ.woff2':
    'roboto-mono/files/roboto-mono-latin-400-normal.woff2',
};
const html = `<!doctype html><meta charset="utf-8"><title>pictures</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css"><div id="styles"></div><div id="root"></div>
<script>window.__grafana_public_path__ = '/public/'</script><script src="/page.js"></script>`;

async function bundle() {
  const { outputFiles } = await esbuild.build({
    bundle: true,
    define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
    entryPoints: [path.join(here, 'page/main.jsx')],
    format: 'iife',
    jsx: 'automatic',
    loader: { '.svg': 'dataurl', '.ttf': 'dataurl', '.woff': 'empty', '.woff2': 'dataurl' },
    logLevel: 'error',
    minify: true,
    outdir: '/',
    entryNames: 'page',
    write: false,
  });
  return new Map(outputFiles.map((file) => [path.basename(file.path), file.text]));
}

function answer(files, url) {
  const { origin, pathname } = new URL(url);
  if (origin !== ORIGIN) return { status: 404 };
  if (pathname === '/') return { contentType: 'text/html', body: html };
  const file = files.get(pathname.slice(1));
  if (file !== undefined) {
    return { contentType: pathname.endsWith('.css') ? 'text/css' : 'text/javascript', body: file };
  }
  const font = fonts[path.basename(pathname)];
  if (font !== undefined) {
    return { contentType: 'font/woff2', body: readFileSync(path.join(here, 'node_modules/@fontsource', font)) };
  }
  const icon = path.join(icons, pathname.replace('/public/build/img/icons/', ''));
  return existsSync(icon) ? { contentType: 'image/svg+xml', body: readFileSync(icon) } : { status: 404 };
}

function chromium() {
  const found = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  const program = found.find((it) => it && existsSync(it));
  if (program === undefined) throw new Error('no Chromium: install the package chromium, or set CHROMIUM');
  return program;
}

export class Page {
  static async open() {
    const files = await bundle();
    const browser = await puppeteer.launch({
      executablePath: chromium(),
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--force-color-profile=srgb'],
    });
    const page = await browser.newPage();
    const self = new Page(browser, page);
    page.on('pageerror', (error) => self.complaints.push(`error of the page: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') self.complaints.push(`console: ${message.text()}`);
    });
    page.on('requestfailed', (request) => self.complaints.push(`not there: ${request.url()}`));
    await page.setRequestInterception(true);
    page.on('request', (request) => {
      if (request.url().startsWith('data:')) request.continue();
      else request.respond(answer(files, request.url()));
    });
    await page.emulateTimezone('UTC');
    await page.setViewport({ width: WIDTH, height: 1080 });
    await page.goto(`${ORIGIN}/`);
    return self;
  }

  constructor(browser, page) {
    this.browser = browser;
    this.page = page;
    this.complaints = [];
  }

  // Draws a board; what was wrong with it is told, and its picture is what the page shows now.
  async draw(board, values, range, answers) {
    this.complaints = [];
    await this.page.setViewport({ width: WIDTH, height: 1080 });
    const { faults, remarks, height } = await this.page.evaluate(
      (...parameters) => window.draw(...parameters),
      board,
      values,
      range,
      answers,
    );
    this.height = Math.ceil(height);
    const complaints = this.complaints.map((text) => ({ panel: 'the page', text }));
    return { faults: [...faults, ...complaints], remarks };
  }

  // The whole board's picture, or what one sees of it first.
  async picture(whole) {
    const height = whole ? this.height : Math.min(this.height, 1080);
    await this.page.setViewport({ width: WIDTH, height });
    return this.page.screenshot({ type: 'png' });
  }

  close() {
    return this.browser.close();
  }
}
