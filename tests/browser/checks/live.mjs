// A fault that is switched on is told on an open page, in words, in both languages, and so is its end.

import { fetched } from './loads.mjs';
import { card } from './pages.mjs';

const CJK = /[\u4e00-\u9fff]/;

// What to say of a fault: of the card, its state, what its words must be about, and which layer fails.
const STORY = [
  { fault: 'http-529', state: 'down', layer: 'api', verdict: /capacity|overload/i, who: /provider/i, remedy: /wait|retry|later|back ?off|provider|status/i },
  { fault: 'dns-nxdomain', state: 'down', layer: 'dns', verdict: /does not exist|no such name/i, who: /name server|resolver|configuration/i, remedy: /name|resolver|dns/i },
  { fault: 'tls-expired', state: 'down', layer: 'tls', verdict: /expired/i, who: /provider/i, remedy: /certificate|renew/i },
];
const LAYERS = ['dns', 'tcp', 'proxy', 'tls', 'api'];

// What is wrong with the words of a card.
export function wordFaults(told, { state, layer, verdict, who, remedy }) {
  const faults = [];
  if (told === null) return ['there is no card'];
  if (told.state !== state) faults.push(`the state is ${told.state}, not ${state}`);
  for (const [part, wanted] of Object.entries({ verdict, who, remedy })) {
    const text = told[part];
    if (text === null) faults.push(`.${part} is not there`);
    else if (text === '') faults.push(`.${part} is empty`);
    else if (!wanted.test(text)) faults.push(`.${part} says "${text}", which is not ${wanted}`);
  }
  const rungs = Object.keys(told.ladder);
  if (rungs.join() !== LAYERS.join()) faults.push(`the ladder has the layers ${rungs.join() || 'none'}, not ${LAYERS.join()}`);
  if (told.ladder[layer] !== 'failed') faults.push(`the layer ${layer} is ${told.ladder[layer]}, not failed`);
  for (const above of LAYERS.slice(LAYERS.indexOf(layer) + 1)) {
    if (!['not_reached', 'not_planned'].includes(told.ladder[above])) {
      faults.push(`${above} is ${told.ladder[above]} although ${layer} failed`);
    }
  }
  return faults;
}

const seconds = (since) => ((Date.now() - since) / 1000).toFixed(1);

// `interval` is that of the target, in seconds.
export async function live({ report, browser, scene }, canary, interval) {
  const english = await browser.tab();
  const chinese = await browser.tab({ language: 'zh' });
  const detail = await browser.tab();
  await english.visit(`${canary.url}/`);
  await chinese.visit(`${canary.url}/`);
  const mark = () => void (window.__mark = true);
  await english.run(mark);
  for (const step of STORY) {
    await report.check(`live: ${step.fault} is seen and explained without reload`, english, async () => {
      const began = Date.now();
      await scene.break('api', step.fault);
      const is = (state, layer) => {
        const item = document.querySelector('#targets > li[data-target="claude"]');
        return item?.dataset.state === state && item.querySelector(`[data-layer="${layer}"]`)?.dataset.state === 'failed';
      };
      await english.until(`the card says that ${step.layer} fails`, is, [step.state, step.layer], {
        seen: () => document.querySelector('#targets > li[data-target="claude"]')?.innerText ?? 'there is no card',
      });
      report.note(`${step.fault} was seen after ${seconds(began)} s; two intervals are ${2 * interval} s`);
      // A verdict that replaces another waits for a second run.
      const told = await english.until(
        'its verdict is the one of this fault',
        (name, source) => {
          const verdict = document.querySelector(`#targets > li[data-target="${name}"] .verdict`)?.innerText ?? '';
          return new RegExp(source, 'i').test(verdict);
        },
        ['claude', step.verdict.source],
        { seen: () => document.querySelector('#targets > li[data-target="claude"]')?.innerText ?? 'there is no card' },
      ).then(() => english.run(card, 'claude'));
      const faults = wordFaults(told, step);
      if (!(await english.run(() => window.__mark === true))) faults.push('the page was loaded anew');
      if (told !== null) report.note(`"${told.verdict}" | "${told.who}" | "${told.remedy}"`);
      return faults;
    });
  }
  await report.check('live: the same is told in Chinese', chinese, async () => {
    await chinese.until('the card is down', () => document.querySelector('#targets > li[data-target="claude"]')?.dataset.state === 'down');
    const told = await chinese.run(card, 'claude');
    const faults = ['verdict', 'who', 'remedy']
      .filter((part) => !CJK.test(told[part] ?? ''))
      .map((part) => `.${part} is not Chinese: "${told[part]}"`);
    const lang = await chinese.run(() => document.documentElement.lang);
    if (!lang.startsWith('zh')) faults.push(`html has lang="${lang}"`);
    return faults;
  });
  await report.check('live: the page of a failing target shows what was found', detail, async () => {
    await detail.visit(`${canary.url}/targets/claude`);
    const found = await detail.run(() => ({
      state: document.querySelector('main[data-target="claude"]')?.dataset.state,
      failed: document.querySelectorAll('#journeys .journey[data-ok="false"]').length,
      waterfalls: document.querySelectorAll('#journeys .journey svg.waterfall').length,
      missing: ['evidence', 'followups', 'resolvers', 'certificates', 'routes', 'limits'].filter(
        (id) => document.querySelector(`section#${id}`) === null,
      ),
      empty: ['.verdict', '.who', '.remedy'].filter((part) => !document.querySelector(`main ${part}`)?.innerText.trim()),
      copy: document.querySelector('button#copy-report') !== null,
    }));
    const faults = [];
    if (found.state !== 'down') faults.push(`main[data-target=claude] has the state ${found.state}, not down`);
    if (found.failed === 0) faults.push('no journey is shown as failed');
    if (found.waterfalls === 0) faults.push('no journey has svg.waterfall');
    if (found.missing.length > 0) faults.push(`sections are missing: ${found.missing.join(', ')}`);
    if (found.empty.length > 0) faults.push(`without words: ${found.empty.join(', ')}`);
    if (!found.copy) faults.push('there is no button#copy-report');
    for (const url of ['/', '/targets/claude']) {
      if ((await fetched(`${canary.url}${url}`)).body.includes('sk-ant-sim-valid')) faults.push(`${url} holds the key`);
    }
    return faults;
  });
  await report.check('live: the report of a failing target can be copied', detail, async () => {
    await detail.context.overridePermissions(canary.url, ['clipboard-read', 'clipboard-sanitized-write']);
    await detail.page.bringToFront();
    await detail.click('button#copy-report');
    const copied = await detail.until('something is copied', () => navigator.clipboard.readText(), [], { limit: 10_000 });
    const faults = ['claude', 'tls_cert_expired'].filter((it) => !copied.includes(it)).map((it) => `the copied report does not name ${it}: ${copied.slice(0, 200)}`);
    if (copied.includes('sk-ant-sim-valid')) faults.push('the copied report holds the key');
    return faults;
  });
  await report.check('live: what is healed becomes ok', english, async () => {
    const began = Date.now();
    await scene.heal('api');
    await english.until('the card is ok', () => document.querySelector('#targets > li[data-target="claude"]')?.dataset.state === 'ok', [], {
      seen: () => document.querySelector('#targets > li[data-target="claude"]')?.innerText ?? 'there is no card',
    });
    report.note(`seen as ok after ${seconds(began)} s; two good runs are wanted`);
    return (await english.run(() => window.__mark === true)) ? [] : ['the page was loaded anew'];
  });
  await report.check('live: the page of a target that is healed shows what failed and what works', detail, async () => {
    await detail.visit(`${canary.url}/targets/claude`);
    return detail.run(() =>
      ['true', 'false']
        .filter((ok) => document.querySelector(`#journeys .journey[data-ok="${ok}"]`) === null)
        .map((ok) => `there is no .journey[data-ok=${ok}] in #journeys`),
    );
  });
  await report.check('live: the page of a target keeps itself up to date, and what is open stays open', detail, async () => {
    await detail.run(mark);
    const opened = await detail.until('the page is connected and has something to open', () => {
      const details = document.querySelector('#journeys details[data-key]');
      if (details === null || document.querySelector('#target-live')?.dataset.live !== 'connected') return null;
      details.open = true;
      return details.dataset.key;
    });
    const seen = () => document.querySelector('#verdict')?.innerText ?? 'there is no #verdict';
    const state = (wanted) => document.querySelector('main[data-target="claude"]')?.dataset.state === wanted;
    const faults = [];
    for (const wanted of ['down', 'ok']) {
      const began = Date.now();
      await (wanted === 'down' ? scene.break('api', 'http-529') : scene.heal('api'));
      await detail.until(`the page of the target is ${wanted}`, state, [wanted], { seen });
      report.note(`the page of the target was ${wanted} after ${seconds(began)} s`);
      const now = await detail.run((key) => ({
        open: [...document.querySelectorAll('#journeys details[data-key]')].find((it) => it.dataset.key === key)?.open,
        verdict: document.querySelector('#verdict .state')?.dataset.state,
        title: document.title,
        mark: window.__mark === true,
      }), opened);
      if (now.open !== true) faults.push(`what was open is ${now.open === undefined ? 'gone' : 'closed'} once the target is ${wanted}`);
      if (now.verdict !== wanted) faults.push(`main is ${wanted}, but the state that is shown is ${now.verdict}`);
      if (!now.mark) faults.push('the page was loaded anew');
    }
    return faults;
  });
  await english.close();
  await chinese.close();
  await detail.close();
}
