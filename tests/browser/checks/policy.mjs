// What runs and loads on the pages: ours, and nothing that is put into them.

import http from 'node:http';
import { HOST } from '../program.mjs';
import { policyFaults } from './pages.mjs';

// A server elsewhere, which counts what it is asked for and shows a page in a frame.
async function elsewhere(framed) {
  const server = http.createServer((request, response) => {
    if (request.url === '/frame') {
      response.setHeader('content-type', 'text/html');
      response.end(`<!doctype html><title>frame</title><iframe src="${framed}"></iframe>`);
      return;
    }
    asked.push(request.url);
    response.setHeader('access-control-allow-origin', '*');
    response.end('x');
  });
  const asked = [];
  await new Promise((resolve) => server.listen(0, HOST, resolve));
  return { asked, url: `http://${HOST}:${server.address().port}`, close: () => server.close() };
}

// Puts into the page what must not work there, and tells what was refused of it.
export async function injectionFaults(tab, other) {
  await tab.take();
  const told = await tab.run(async (away) => {
    const add = (name, set) => {
      const element = Object.assign(document.createElement(name), set);
      document.body.append(element);
      return element;
    };
    const ran = [];
    add('script', { textContent: 'window.__ran = true' });
    if (window.__ran) ran.push('an inline script');
    const button = add('button', {});
    button.setAttribute('onclick', 'window.__clicked = true');
    button.click();
    if (window.__clicked) ran.push('an inline handler');
    const before = getComputedStyle(document.body).opacity;
    add('style', { textContent: 'body { opacity: 0.31 }' });
    if (getComputedStyle(document.body).opacity !== before) ran.push('an inline style sheet');
    button.setAttribute('style', 'opacity: 0.32');
    if (getComputedStyle(button).opacity === '0.32') ran.push('an inline style');
    const settled = (element) => new Promise((resolve) => (element.onload = element.onerror = resolve));
    const image = add('img', {});
    const script = add('script', {});
    const frame = add('iframe', {});
    const all = [settled(image), settled(script), settled(frame)];
    image.src = `${away}/image`;
    script.src = `${away}/script`;
    frame.src = `${away}/inside`;
    await Promise.race([Promise.all(all), new Promise((resolve) => setTimeout(resolve, 3000))]);
    await fetch(`${away}/fetch`).then(() => ran.push('a request elsewhere'), () => {});
    for (const element of [button, image, script, frame]) element.remove();
    return ran;
  }, other.url);
  const faults = told.map((what) => `${what} works on the page`);
  for (const path of other.asked) faults.push(`the page asked another server for ${path}`);
  const refused = new Set((await tab.violations()).map((it) => it.split(' ')[0]));
  for (const directive of ['script-src-elem', 'script-src-attr', 'style-src-elem', 'style-src-attr', 'img-src', 'frame-src', 'connect-src']) {
    if (!refused.has(directive)) faults.push(`nothing was refused by ${directive}, of [${[...refused].join(', ')}]`);
  }
  // What was refused was to be.
  await tab.take();
  return faults;
}

export async function policy({ report, browser }, canary) {
  const tab = await browser.tab();
  const other = await elsewhere(`${canary.url}/`);
  for (const path of ['/', '/targets/claude', '/docs/reasons.md']) {
    await report.check(`policy: of ${path} is strict, and the page keeps to it`, tab, async () =>
      policyFaults(await tab.visit(`${canary.url}${path}`)),
    );
  }
  await report.check('policy: nothing that is put into the page runs or loads', tab, async () => {
    await tab.visit(`${canary.url}/`);
    const faults = await tab.take();
    return [...faults, ...(await injectionFaults(tab, other))];
  });
  const framing = await browser.tab();
  await report.check('policy: no other page may frame ours', framing, async () => {
    await framing.visit(`${other.url}/frame`);
    const frame = framing.page.frames().find((it) => it !== framing.page.mainFrame());
    const shown = frame === undefined ? '' : await frame.evaluate(() => document.querySelector('#targets')?.outerHTML ?? '');
    framing.complaints = [];
    return shown === '' ? [] : [`another page shows ours in a frame: ${shown.slice(0, 100)}`];
  });
  other.close();
  await tab.close();
  await framing.close();
}
