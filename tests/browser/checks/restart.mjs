// Streams that break: the page says so, comes back by itself, and then shows what is so now. More pages than there is room for
// streams, and more tabs than a browser has connections for one host.

import http from 'node:http';
import { shown, widthFaults } from './pages.mjs';

const connection = () => {
  const live = document.querySelector('#live');
  return live === null ? null : { live: live.dataset.live, text: live.innerText.trim() };
};
const connected = () => document.querySelector('#live')?.dataset.live === 'connected';
const seen = () => document.querySelector('#live')?.outerHTML ?? 'there is no #live';

export async function restart({ report, browser, scene }, canary) {
  const tab = await browser.tab();
  await report.check('restart: the page says that it is cut off, and comes back by itself', tab, async () => {
    await tab.visit(`${canary.url}/`);
    await tab.run(() => void (window.__mark = true));
    await tab.until('the page is connected', connected, [], { seen });
    const before = await tab.run(connection);
    await canary.stop();
    await tab.until('the page notices that the canary is gone', () => document.querySelector('#live')?.dataset.live !== 'connected', [], { seen });
    const meanwhile = await tab.run(connection);
    // It fails from its very first run, so that what was shown before must change.
    await scene.break('api', 'tcp-refused');
    await canary.start();
    const began = Date.now();
    await tab.until('the page is connected again', connected, [], { limit: 60_000, seen });
    report.note(`connected again ${((Date.now() - began) / 1000).toFixed(1)} s after the canary answered`);
    await tab.until('the page shows what the canary found since', () => document.querySelector('#targets > li[data-target="claude"]')?.dataset.state === 'down', [], {
      seen: () => document.querySelector('#targets')?.innerText ?? 'there is no #targets',
    });
    const faults = [];
    if (meanwhile.text === '') faults.push('nothing in words says that the page was cut off');
    if (meanwhile.text === before.text) faults.push(`#live says "${before.text}" with and without a connection`);
    if (!(await tab.run(() => window.__mark === true))) faults.push('the page was loaded anew');
    // Nobody answered for a while.
    tab.complaints = tab.complaints.filter((it) => !/ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|ERR_INCOMPLETE_CHUNKED/.test(it));
    return faults;
  });
  await scene.heal('api');
  await tab.close();
}

// A stream that is held open, as a page of another browser does.
function stream(url) {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent: false }, (response) => {
      response.on('error', () => {});
      response.resume();
      resolve({ status: response.statusCode, close: () => request.destroy() });
    });
    request.on('error', reject);
  });
}

// More pages at once than there are streams for: `count` in all, of which the first ones are only their streams.
export async function crowd({ report, browser }, canary, count) {
  const tabs = [await browser.tab(), await browser.tab()];
  const [one] = tabs;
  const streams = [];
  await report.check(`crowd: with ${count} pages open all are shown, and catch up when there is room`, one, async () => {
    for (let number = 0; number < count - tabs.length; number += 1) {
      streams.push(await stream(`${canary.url}/api/v1/events?updates=1`));
    }
    for (const tab of tabs) await tab.visit(`${canary.url}/`);
    const faults = (await one.run(shown)).length > 0 ? [] : ['the page shows no target'];
    const states = await Promise.all(tabs.map((tab) => tab.run(connection)));
    if (states.some((state) => state === null || state.text === '')) faults.push('#live is not there or without words');
    report.note(
      `${streams.filter(({ status }) => status === 200).length} of ${streams.length} streams were granted; ` +
        `then #live said ${states.map((state) => `"${state?.text}"`).join(' and ')}`,
    );
    for (const { close } of streams) close();
    const began = Date.now();
    for (const tab of tabs) {
      await tab.until('a page that had no room is connected', connected, [], { limit: 60_000, seen });
    }
    report.note(`all were connected ${((Date.now() - began) / 1000).toFixed(1)} s after the others were closed`);
    // A stream too many may be refused.
    one.complaints = one.complaints.filter((it) => !/\b503\b/.test(it));
    return faults;
  });
  for (const { close } of streams) close();
  for (const tab of tabs) await tab.close();
}

// So many tabs of one browser, which has six connections for a host.
export async function tabs({ report, browser, scene }, canary, count) {
  const first = await browser.tab({ width: 800, height: 600 });
  const others = [];
  await report.check(`tabs: ${count} tabs of one browser are all shown`, first, async () => {
    await first.visit(`${canary.url}/`);
    for (let number = 2; number <= count; number += 1) {
      const tab = await browser.tab({ beside: first, width: 800, height: 600 });
      others.push(tab);
      tab.page.setDefaultTimeout(20_000);
      await tab.visit(`${canary.url}/`).catch((error) => {
        throw new Error(`tab ${number} of one browser does not load, as the streams of the others take all its connections: ${error.message}`);
      });
    }
    return widthFaults(first);
  });
  await report.check('tabs: one that nobody saw is up to date once somebody looks at it', first, async () => {
    const away = await first.run(connection);
    await scene.break('eu', 'tcp-refused');
    await canary.finds('claude-eu', 'tcp_refused');
    await first.page.bringToFront();
    await first.until('the tab is connected', connected, [], { seen });
    await first.until('it shows what happened', () => document.querySelector('#targets > li[data-target="claude-eu"]')?.dataset.state === 'down', [], { seen });
    await scene.heal('eu');
    return away.live === 'connected' ? ['a tab that nobody sees holds a stream'] : [];
  });
  for (const tab of [...others, first]) await tab.close();
}
