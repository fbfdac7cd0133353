// The first page with few and many targets: whole, without an error, asking nobody else; how long it takes and how large it is.

import http from 'node:http';
import { shown } from './pages.mjs';

// One answer as it comes over the wire.
export function fetched(url, headers = {}) {
  return new Promise((resolve, reject) => {
    const began = process.hrtime.bigint();
    http
      .get(url, { headers, agent: false }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode,
            headers: response.headers,
            body: Buffer.concat(chunks),
            ms: Number(process.hrtime.bigint() - began) / 1e6,
          }),
        );
        response.on('error', reject);
      })
      .on('error', reject);
  });
}

const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;

export async function loads({ report, browser }, canary, targets) {
  const tab = await browser.tab();
  await report.check(`loads: ${targets.length} targets`, tab, async () => {
    const response = await tab.visit(`${canary.url}/`);
    const faults = response.status() === 200 ? [] : [`the page is answered with ${response.status()}`];
    const timing = await tab.run(() => {
      const [{ responseStart, responseEnd, domInteractive, loadEventEnd }] = performance.getEntriesByType('navigation');
      return { responseStart, responseEnd, domInteractive, loadEventEnd, elements: document.querySelectorAll('*').length };
    });
    const seen = await tab.run(shown);
    const missing = targets.filter(({ name }) => !seen.includes(name));
    if (missing.length > 0) {
      faults.push(`${missing.length} of ${targets.length} targets are not to be seen, such as ${missing[0].name}`);
    }
    await tab.until('the page says that it is connected', () => document.querySelector('#live')?.dataset.live === 'connected', [], {
      seen: () => document.querySelector('#live')?.outerHTML ?? 'there is no #live',
    });
    const plain = await fetched(`${canary.url}/`);
    const zipped = await fetched(`${canary.url}/`, { 'accept-encoding': 'gzip' });
    if (zipped.headers['content-encoding'] !== 'gzip') faults.push('the page is not compressed for who takes gzip');
    report.note(
      `${targets.length} targets: ${kib(plain.body.length)}, gzip ${kib(zipped.body.length)}; answered in ${plain.ms.toFixed(0)} ms, ` +
        `loaded in ${timing.loadEventEnd.toFixed(0)} ms, ${timing.elements} elements`,
    );
    return faults;
  });
  await tab.close();
}
