// What peers, configs and requests say is text wherever it is shown. The browser ignores the pages' policy here, so that a
// script that gets into a page runs: escaping has to be enough by itself.

import { fetched } from './loads.mjs';
import { intrusions } from './pages.mjs';
import { payload, trace } from '../peers.mjs';

// What must be seen as text on the page of a target, so that the check is of something.
const SEEN = {
  error: ['subject', 'issuer', 'message'],
  limited: ['message'],
  body: ['content-type', 'body'],
  own: ['own-subject'],
  banner: ['banner'],
  proxied: ['deny-reason'],
};

// Documents for programs, of which a browser must make no page.
const JSON_PATHS = (name) => [
  '/api/v1/targets',
  `/api/v1/targets/${name}`,
  `/api/v1/targets/${name}/journeys`,
  '/api/v1/openapi.json',
  '/sd',
];

const ATTACK = `"'><svg/onload=__xss='request'>${payload('request')}<script>__xss='request'</script>`;

// What somebody asks for who wants it to come back as HTML.
const ASKED = [
  `/?lang=${encodeURIComponent(ATTACK)}`,
  `/?q=${encodeURIComponent(ATTACK)}`,
  `/?q=error&show=${encodeURIComponent(ATTACK)}&state=${encodeURIComponent(ATTACK)}`,
  `/targets/${encodeURIComponent(ATTACK)}`,
  `/targets/error?lang=${encodeURIComponent(ATTACK)}`,
  `/targets/${encodeURIComponent(ATTACK)}/report.md`,
  `/docs/${encodeURIComponent(ATTACK)}`,
  `/docs/reasons.md?lang=${encodeURIComponent(ATTACK)}`,
  `/assets/${encodeURIComponent(ATTACK)}`,
  `/badge/${encodeURIComponent(ATTACK)}.svg`,
  `/cards?names=${encodeURIComponent(ATTACK)},error`,
  `/probe?target=${encodeURIComponent(ATTACK)}`,
  `/probe?target=error&module=${encodeURIComponent(ATTACK)}`,
  `/api/v1/targets/${encodeURIComponent(ATTACK)}`,
  `/api/v1/targets/error/journeys?since=${encodeURIComponent(ATTACK)}`,
  `/${encodeURIComponent(ATTACK)}`,
];

export async function hostile({ report, browser }, canary, names) {
  const tab = await browser.tab({ lawless: true });
  await report.check('hostile: what peers say is text on the first page, also as it comes in', tab, async () => {
    await tab.visit(`${canary.url}/`);
    const faults = await intrusions(tab);
    await tab.run(() => {
      window.__changed = 0;
      new MutationObserver(() => (window.__changed += 1)).observe(document.querySelector('#targets'), { childList: true, subtree: true });
    });
    await tab.until('cards came in anew', () => window.__changed > 1, [], { seen: () => `${window.__changed} changes of #targets` });
    faults.push(...(await intrusions(tab)));
    const text = await tab.run(() => document.body.innerText);
    report.note(`the first page shows ${new Set(text.match(/__xss='[a-z-]+'/g)).size} of their texts`);
    return faults;
  });
  const told = new Set();
  for (const name of names) {
    await report.check(`hostile: what peers say is text on the page of ${name}`, tab, async () => {
      const response = await tab.visit(`${canary.url}/targets/${name}`);
      const faults = response.ok() ? await intrusions(tab) : [`answered ${response.status()}`];
      const text = await tab.run(() => document.body.textContent);
      for (const [, source] of text.matchAll(/__xss='([a-z-]+)'/g)) told.add(source);
      for (const source of SEEN[name] ?? []) {
        if (!text.includes(trace(source))) faults.push(`nothing of what the peer said as ${source} is shown: ${payload(source)}`);
      }
      return faults;
    });
  }
  report.note(`the pages of targets show what was said as ${[...told].sort().join(', ')}`);
  for (const path of ASKED) {
    const what = decodeURIComponent(path.replaceAll(encodeURIComponent(ATTACK), '…'));
    await report.check(`hostile: ${what} gives back no HTML of who asks`, tab, async () => {
      const response = await tab.visit(`${canary.url}${path}`);
      const faults = [];
      if (response.headers()['x-content-type-options'] !== 'nosniff') faults.push('x-content-type-options is not nosniff');
      // The viewer of the browser for plain text and for JSON is a page of its own making.
      const type = response.headers()['content-type'] ?? 'no type';
      if (/html|xml|svg/.test(type)) faults.push(...(await intrusions(tab)));
      else if (!/^(?:text\/(?:plain|markdown|css|javascript)|application\/(?:json|problem\+json|openmetrics-text))/.test(type)) {
        faults.push(`the content type is ${type}`);
      }
      if (await tab.run(() => window.__xss !== undefined)) faults.push('a script of who asked ran');
      tab.complaints = tab.complaints.filter((it) => !/\b4\d\d\b/.test(it));
      return faults;
    });
  }
  await report.check('hostile: a search that is HTML is a search', tab, async () => {
    await tab.visit(`${canary.url}/?q=${encodeURIComponent(ATTACK)}`);
    const value = await tab.run(() => document.querySelector('#filter')?.value);
    return value === ATTACK ? [] : [`the filter says ${JSON.stringify(value)}, not what ?q= says`];
  });
  await tab.close();
  await report.check('hostile: documents for programs are no pages', undefined, async () => {
    const faults = [];
    for (const path of JSON_PATHS('error')) {
      const { status, headers, body } = await fetched(`${canary.url}${path}`);
      if (status !== 200) {
        faults.push(`${path}: answered ${status}`);
        continue;
      }
      if (!/^application\/json(?:;|$)/.test(headers['content-type'] ?? '')) faults.push(`${path}: the content type is ${headers['content-type']}`);
      if (headers['x-content-type-options'] !== 'nosniff') faults.push(`${path}: x-content-type-options is ${headers['x-content-type-options'] ?? 'missing'}`);
      JSON.parse(body.toString());
    }
    return faults;
  });
  const badge = await browser.tab({ lawless: true });
  await report.check('hostile: badges are pictures without scripts', badge, async () => {
    const faults = [];
    for (const name of names) {
      const response = await badge.visit(`${canary.url}/badge/${name}.svg`);
      const headers = response.headers();
      if (!response.ok()) return [`${name}: answered ${response.status()}`];
      if (!/^image\/svg\+xml/.test(headers['content-type'] ?? '')) faults.push(`${name}: the content type is ${headers['content-type']}`);
      if (headers['x-content-type-options'] !== 'nosniff') faults.push(`${name}: x-content-type-options is ${headers['x-content-type-options'] ?? 'missing'}`);
      if (!headers['content-security-policy']) faults.push(`${name}: there is no content-security-policy, and people open pictures as pages`);
      faults.push(...(await badge.run(() => (window.__xss === undefined ? [] : ['a script ran in a badge']))));
      faults.push(...(await badge.run(() => (document.querySelector('script, foreignObject, a, image, style') === null ? [] : ['a badge holds more than shapes and text']))));
    }
    return faults;
  });
  await badge.close();
}
