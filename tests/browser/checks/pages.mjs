// What is wrong with a page, whichever it is: its policy, whom it asks, whether everybody can read and reach it.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// The state and the words of a target's card.
export function card(name) {
  const item = document.querySelector(`#targets > li[data-target="${CSS.escape(name)}"]`);
  if (item === null) return null;
  const text = (selector) => item.querySelector(selector)?.innerText.trim() ?? null;
  return {
    state: item.dataset.state,
    verdict: text('.verdict'),
    who: text('.who'),
    remedy: text('.remedy'),
    ladder: Object.fromEntries(
      [...item.querySelectorAll('ol.ladder > li[data-layer]')].map((rung) => [rung.dataset.layer, rung.dataset.state]),
    ),
  };
}

// The names of the targets that can be seen, as they stand there.
export function shown() {
  return [...document.querySelectorAll('#targets > li[data-target]')]
    .filter((item) => item.getClientRects().length > 0)
    .map((item) => item.dataset.target);
}

// What a strict policy says, and nothing looser.
export function policyFaults(response) {
  const faults = [];
  const headers = response.headers();
  const policy = headers['content-security-policy'] ?? '';
  const directives = Object.fromEntries(
    policy.split(';').map((part) => {
      const [name, ...sources] = part.trim().split(/\s+/);
      return [name, sources.join(' ')];
    }),
  );
  const wanted = { 'default-src': "'none'", 'base-uri': "'none'", 'frame-ancestors': "'none'" };
  for (const [name, value] of Object.entries(wanted)) {
    if (directives[name] !== value) {
      faults.push(`content-security-policy: ${name} is ${directives[name] ?? 'missing'}, not ${value}`);
    }
  }
  if (!["'none'", "'self'"].includes(directives['form-action'])) {
    faults.push(`content-security-policy: form-action is ${directives['form-action'] ?? 'missing'}`);
  }
  for (const [name, value] of Object.entries(directives)) {
    if (!["'none'", "'self'", ''].includes(value)) faults.push(`content-security-policy: ${name} allows ${value}`);
  }
  const others = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY' };
  for (const [name, value] of Object.entries(others)) {
    if (headers[name] !== value) faults.push(`${name} is ${headers[name] ?? 'missing'}, not ${value}`);
  }
  return faults;
}

// What axe-core finds, by all its rules or by one: what is serious is a fault, the rest a remark.
export async function axeFaults(tab, rule) {
  await tab.run(axe);
  const violations = await tab.run(async (only) => {
    const options = { resultTypes: ['violations'], preload: false };
    if (only) options.runOnly = [only];
    const { violations } = await window.axe.run(document, options);
    return violations.map(({ id, impact, help, nodes }) => ({
      id,
      impact,
      help,
      count: nodes.length,
      where: nodes.slice(0, 3).map(({ html, any, all, none }) => {
        const why = [...any, ...all, ...none].map(({ message }) => message).join('; ');
        return `${html.slice(0, 160)}\n  ${why.slice(0, 220)}`;
      }),
    }));
  }, rule);
  const told = violations.map(({ id, impact, help, count, where }) => ({
    serious: impact === 'serious' || impact === 'critical',
    text: `axe ${impact}: ${id}: ${help} (${count} times)\n${where.join('\n')}`,
  }));
  return {
    faults: told.filter(({ serious }) => serious).map(({ text }) => text),
    remarks: told.filter(({ serious }) => !serious).map(({ text }) => text.split('\n')[0]),
  };
}

// Whether the page is wider than the window, and what makes it so.
export function widthFaults(tab) {
  return tab.run(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const scrolls = (element) => {
      for (let it = element.parentElement; it !== null && it !== document.body; it = it.parentElement) {
        if (getComputedStyle(it).overflowX !== 'visible') return true;
      }
      return false;
    };
    // Its box, or what is in it and does not fit.
    const end = (element) => {
      if (getComputedStyle(element).overflowX !== 'visible') return element.getBoundingClientRect().right;
      const range = document.createRange();
      range.selectNodeContents(element);
      return Math.max(element.getBoundingClientRect().right, ...[...range.getClientRects()].map(({ right }) => right));
    };
    const out = [...document.body.querySelectorAll('*')]
      .filter((element) => end(element) > clientWidth && !scrolls(element))
      .filter((element, _, all) => !all.some((other) => other !== element && element.contains(other)))
      .slice(0, 5)
      .map((element) => `${element.parentElement.tagName} > ${element.outerHTML.slice(0, 200)} ends at ${end(element).toFixed(1)}`);
    return [`the page is ${scrollWidth} px wide in a window of ${clientWidth} px:\n${out.join('\n')}`];
  });
}

// Whether text is large enough and its lines are short enough to be read.
export function typeFaults(tab) {
  return tab.run(() => {
    const faults = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      const text = node.textContent.trim();
      if (text === '' || element.closest('svg, script, style, [hidden]') !== null) continue;
      if (element.getClientRects().length === 0) continue;
      const size = Number.parseFloat(getComputedStyle(element).fontSize);
      if (size < 12) faults.push(`text of ${size} px: ${element.outerHTML.slice(0, 120)}`);
      const range = document.createRange();
      range.selectNodeContents(node);
      const width = Math.max(0, ...[...range.getClientRects()].map((rect) => rect.width));
      // A letter is about half as wide as high; Chinese ones are square.
      if (width / size > 75) faults.push(`lines of ${Math.round(width)} px at ${size} px: ${text.slice(0, 80)}`);
    }
    return faults.slice(0, 5);
  });
}

// What has the focus after each Tab, until the first link in the list has it. Focus must be seen, and inside the window.
export async function focusFaults(tab) {
  const faults = [];
  const order = [];
  await tab.run(() => {
    document.activeElement?.blur();
    window.scrollTo(0, 0);
    window.__looks = new Map();
    for (const element of document.querySelectorAll('a[href], button, input, select, summary, [tabindex]')) {
      const { outlineStyle, outlineWidth, boxShadow, backgroundColor, borderColor } = getComputedStyle(element);
      window.__looks.set(element, [outlineStyle, outlineWidth, boxShadow, backgroundColor, borderColor].join());
    }
  });
  for (let presses = 0; presses < 60; presses += 1) {
    await tab.page.keyboard.press('Tab');
    const at = await tab.run(async () => {
      // What fades in has the time to; what never ends does not count.
      const animations = document.getAnimations().map((animation) => animation.finished.catch(() => {}));
      await Promise.race([Promise.all(animations), new Promise((resolve) => setTimeout(resolve, 300))]);
      const element = document.activeElement;
      if (element === null || element === document.body) return null;
      const { outlineStyle, outlineWidth, boxShadow, backgroundColor, borderColor } = getComputedStyle(element);
      const look = [outlineStyle, outlineWidth, boxShadow, backgroundColor, borderColor].join();
      const { left, top, right, bottom, width } = element.getBoundingClientRect();
      return {
        html: element.outerHTML.slice(0, 120),
        skip: element.matches('.skip'),
        filter: element.matches('#filter'),
        card: element.closest('#targets > li') !== null,
        seen: window.__looks.get(element) !== look,
        inside: width > 1 && right > 0 && bottom > 0 && left < innerWidth && top < innerHeight,
      };
    });
    if (at === null) break;
    order.push(at);
    if (!at.seen) faults.push(`focus cannot be seen on ${at.html}`);
    if (!at.inside) faults.push(`what has the focus is outside the window: ${at.html}`);
    if (at.card) break;
  }
  if (!order[0]?.skip) faults.push(`the first Tab leads to ${order[0]?.html ?? 'nothing'}, not to the skip link`);
  if (!order.some(({ filter }) => filter)) faults.push('Tab does not reach the filter before the list');
  if (!order.some(({ card }) => card)) faults.push(`Tab does not reach a card in ${order.length} presses`);
  return [...new Set(faults)];
}

// What must not be there whatever peers say: marks of scripts that ran, and elements and attributes that we never write.
export function intrusions(tab) {
  return tab.run(() => {
    const faults = [];
    if (window.__xss !== undefined) faults.push(`a script of somebody else ran: __xss is ${window.__xss}`);
    const alien = 'img, iframe, object, embed, base, style, script:not([src]), foreignObject, animate, set, marquee, xss';
    for (const element of document.querySelectorAll(alien)) {
      faults.push(`an element that is not ours: ${element.outerHTML.slice(0, 160)}`);
    }
    for (const element of document.querySelectorAll('*')) {
      for (const { name, value } of element.attributes) {
        const bad =
          name.startsWith('on') ||
          name === 'style' ||
          (/^(?:xlink:)?(?:href|src|action|formaction)$/.test(name) && /^\s*(?:javascript|data|vbscript):/i.test(value));
        if (bad) faults.push(`an attribute that is not ours: ${name} of ${element.outerHTML.slice(0, 160)}`);
      }
    }
    return faults.slice(0, 10);
  });
}
