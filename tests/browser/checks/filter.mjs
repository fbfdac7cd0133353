// Finding one of many: the filter, the states, and that both outlive what comes in meanwhile.

import { shown } from './pages.mjs';
import { until } from '../chromium.mjs';

// Writes into the filter, and returns how long it took until these were seen and no others, in milliseconds.
async function filtered(tab, text, expected) {
  const took = await tab.run(
    async (value, wanted) => {
      const input = document.querySelector('#filter');
      if (input === null) throw new Error('there is no #filter');
      const names = () =>
        [...document.querySelectorAll('#targets > li[data-target]')]
          .filter((item) => item.getClientRects().length > 0)
          .map((item) => item.dataset.target);
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      const began = performance.now();
      input.value = value;
      input.dispatchEvent(new InputEvent('input', { bubbles: true }));
      do {
        const seen = names();
        if (seen.length === wanted.length && wanted.every((name) => seen.includes(name))) return performance.now() - began;
        await frame();
      } while (performance.now() - began < 10_000);
      const seen = names();
      throw new Error(`${seen.length} targets are shown for "${value}", such as ${seen.slice(0, 3)}; wanted are ${wanted.length}`);
    },
    text,
    expected,
  );
  return took;
}

// The controls of the states, and whether each is on.
const controls = () =>
  [...document.querySelectorAll('[data-show]')].map((it) => ({
    state: it.dataset.show,
    on: it.matches('input') ? it.checked : (it.getAttribute('aria-pressed') ?? it.getAttribute('aria-checked')) === 'true',
  }));

// What is shown must be what the controls say; where none is on, all are.
async function stateFaults(tab) {
  const on = (await tab.run(controls)).filter((it) => it.on).map(({ state }) => state);
  const wrong = await tab.run((states) => {
    const items = [...document.querySelectorAll('#targets > li[data-target]')];
    return items
      .filter((item) => item.getClientRects().length > 0 !== (states.length === 0 || states.includes(item.dataset.state)))
      .map((item) => `${item.dataset.target} (${item.dataset.state}) is ${item.getClientRects().length > 0 ? 'shown' : 'not shown'}`);
  }, on);
  return wrong.length > 0 ? [`with [${on.join(', ')}] on ${wrong.length} are wrong, such as ${wrong.slice(0, 3).join(', ')}`] : [];
}

export async function filter({ report, browser }, canary, targets) {
  const tab = await browser.tab();
  const names = targets.map(({ name }) => name);
  await tab.visit(`${canary.url}/`);
  await report.check(`filter: finds some of ${targets.length} targets by name`, tab, async () => {
    const took = [];
    for (const text of ['claude-04', 'CLAUDE-1', '-499', '']) {
      took.push(await filtered(tab, text, names.filter((name) => name.includes(text.toLowerCase()))));
    }
    report.note(`filtering ${targets.length} targets took ${Math.max(...took).toFixed(0)} ms at the most`);
    const before = await tab.run(() => document.querySelector('#counts')?.innerText);
    await filtered(tab, 'no such target', []);
    const faults = [];
    if (!before) faults.push('#counts is not there or without words');
    await filtered(tab, '', names);
    return faults;
  });
  await report.check('filter: each state can be shown alone, and all together', tab, async () => {
    const states = await tab.run(controls);
    const faults = ['down', 'degraded', 'unknown', 'ok'].filter((state) => !states.some((it) => it.state === state)).map((state) => `there is no [data-show=${state}]`);
    faults.push(...(await stateFaults(tab)));
    for (const state of ['ok', 'down']) {
      const before = (await tab.run(shown)).join();
      const press = (which) => tab.run((it) => document.querySelector(`[data-show="${it}"]`).click(), which);
      await press(state);
      await until(`something else is shown with ${state} switched`, async () => (await tab.run(shown)).join() !== before, { limit: 5000 });
      faults.push(...(await stateFaults(tab)));
      await press(state);
      await until(`the same is shown again with ${state} switched back`, async () => (await tab.run(shown)).length === names.length, { limit: 5000 });
    }
    return faults;
  });
  await report.check('filter: outlives what comes in meanwhile', tab, async () => {
    await tab.run(() => {
      window.__changes = [];
      const note = () => window.__changes.push(performance.now());
      new MutationObserver(note).observe(document.querySelector('#targets'), { attributes: true, childList: true, subtree: true });
    });
    await tab.page.focus('#filter');
    const wanted = names.filter((name) => name.includes('claude-04'));
    await filtered(tab, 'claude-04', wanted);
    await tab.run(() => void (window.__changes = []));
    const asked = tab.requests.length;
    const began = Date.now();
    await tab.until('three updates came in', () => window.__changes.filter((at, index, all) => index === 0 || at - all[index - 1] > 300).length >= 3, [], {
      limit: 60_000,
      seen: () => `${window.__changes.length} changes of #targets`,
    });
    const seconds = (Date.now() - began) / 1000;
    const seen = await tab.run(shown);
    const faults = [];
    if ([...seen].sort().join() !== wanted.join()) faults.push(`after updates ${seen.length} targets are shown, such as ${seen.slice(0, 3)}`);
    const input = await tab.run(() => ({ value: document.querySelector('#filter').value, focus: document.activeElement?.id }));
    if (input.value !== 'claude-04') faults.push(`the filter says "${input.value}" after updates`);
    if (input.focus !== 'filter') faults.push(`the focus went from the filter to ${input.focus}`);
    const fetched = tab.requests.slice(asked).length;
    if (fetched > seconds + 3) faults.push(`the page asked ${fetched} times in ${seconds.toFixed(1)} s`);
    report.note(`${fetched} requests in ${seconds.toFixed(1)} s of updates`);
    return faults;
  });
  await tab.close();
}
