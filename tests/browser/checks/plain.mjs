// The pages without JavaScript: everything is there, and the filter is a form.

import { card, shown } from './pages.mjs';
import { until } from '../chromium.mjs';

export async function plain({ report, browser }, canary, targets, broken) {
  const tab = await browser.tab({ scripts: false });
  await report.check('without JavaScript: targets, verdicts and ladders are there', tab, async () => {
    await tab.visit(`${canary.url}/`);
    const seen = await tab.run(shown);
    const faults = targets.filter(({ name }) => !seen.includes(name)).map(({ name }) => `${name} is not to be seen`);
    const told = await tab.run(card, broken);
    for (const part of ['verdict', 'who', 'remedy']) {
      if (!told?.[part]) faults.push(`${broken} is without .${part}`);
    }
    if (Object.keys(told?.ladder ?? {}).length === 0) faults.push(`${broken} is without a ladder`);
    if (await tab.run(() => document.querySelector('meta[http-equiv="refresh" i]') !== null)) faults.push('the page loads itself anew');
    return faults;
  });
  await report.check('without JavaScript: the filter is a form', tab, async () => {
    await tab.visit(`${canary.url}/`);
    const name = targets.at(-1).name;
    await tab.page.type('#filter', name);
    await Promise.all([tab.page.waitForNavigation({ waitUntil: 'load', timeout: 10_000 }), tab.page.keyboard.press('Enter')]);
    const seen = await tab.run(shown);
    const wrong = seen.filter((it) => !it.includes(name));
    const faults = wrong.length > 0 ? [`at ${tab.page.url()} there is ${wrong[0]} too`] : [];
    if (!seen.includes(name)) faults.push(`at ${tab.page.url()} there is no ${name}`);
    const value = await tab.run(() => document.querySelector('#filter')?.value);
    if (value !== name) faults.push(`the filter has forgotten what was asked for: "${value}"`);
    return faults;
  });
  await report.check('without JavaScript: a card leads to the page of its target, and back', tab, async () => {
    await tab.visit(`${canary.url}/`);
    const href = await tab.run((name) => document.querySelector(`#targets > li[data-target="${name}"] a[href*="targets/"]`)?.href, broken);
    if (href === undefined) return [`the card of ${broken} has no link to its page`];
    await tab.visit(href);
    const faults = [];
    const main = await tab.run(() => document.querySelector('main')?.dataset.target);
    if (main !== broken) faults.push(`${href} is the page of ${main}`);
    const journeys = await tab.run(() => document.querySelectorAll('#journeys .journey').length);
    if (journeys === 0) faults.push('the page shows no journey');
    await tab.click('a.home');
    await until('the first page is there again', () => tab.run(() => document.querySelector('#targets') !== null), { limit: 10_000 });
    return faults;
  });
  await tab.close();
}
