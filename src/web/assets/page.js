// What every page does, and what keeps the first one up to date. Without it the pages are whole, but stand still.
'use strict';

(() => {
  const root = document.body.dataset.root ?? '';
  const language = document.documentElement.lang || 'en';
  const list = document.getElementById('targets');
  document.documentElement.classList.add('js');

  // === Times: in the reader's own zone, and how long ago. ===

  const local = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
  const day = new Intl.DateTimeFormat(language, { dateStyle: 'medium' });
  const clock = new Intl.DateTimeFormat(language, { timeStyle: 'short' });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'always', style: 'short' });
  const UNITS = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];

  function ago(seconds) {
    const past = Math.max(0, Math.round(seconds));
    const [unit, size] = UNITS.find(([, size]) => past >= size * 2) ?? ['second', 1];
    return relative.format(-Math.floor(past / size), unit);
  }

  function localise(within) {
    for (const time of within.querySelectorAll('time[datetime]')) {
      const at = Date.parse(time.dateTime);
      if (Number.isNaN(at)) continue;
      time.title = local.format(at);
      const today = day.format(at) === day.format(Date.now());
      const text = `${today ? clock.format(at) : day.format(at)} (${ago((Date.now() - at) / 1000)})`;
      if (time.textContent !== text) time.textContent = text;
    }
  }

  localise(document);
  setInterval(() => localise(document), 30_000);

  // What is chosen on the page stays chosen in the other language.
  const other = document.querySelector('a.language');
  const keep = () => {
    const query = new URLSearchParams(location.search);
    query.set('lang', other.lang);
    other.href = `?${query}`;
  };
  for (const click of ['click', 'auxclick']) other?.addEventListener(click, keep);
  if (!list) return;

  // === The words, in the language of the page. ===

  const words = document.getElementById('words').dataset;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
  const STATES = ['down', 'degraded', 'unknown', 'ok'];
  const stateOf = (item) => STATES.indexOf(item.dataset.state);

  // === Which targets are shown. ===

  const form = document.getElementById('search');
  const search = document.getElementById('filter');
  const boxes = [...document.querySelectorAll('[data-show]')];
  const nothing = document.getElementById('nothing');
  const items = () => list.children;

  function haystack(item) {
    const parts = [item.dataset.target];
    for (const part of item.querySelectorAll(':scope > .head > .provider, :scope > .say > .verdict')) {
      parts.push(part.textContent);
    }
    return parts.join(' ').toLowerCase();
  }

  function show() {
    const wanted = boxes.filter((box) => box.checked).map((box) => box.dataset.show);
    const terms = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of items()) {
      const state = wanted.length === 0 || wanted.includes(item.dataset.state);
      const text = state && terms.length > 0 ? haystack(item) : '';
      const hidden = !state || !terms.every((term) => text.includes(term));
      if (item.hidden !== hidden) item.hidden = hidden;
      if (!hidden) shown += 1;
    }
    nothing.hidden = shown > 0;
    nothing.textContent = list.children.length > 0 ? words.nothing : words.none;
  }

  function remember() {
    const query = new URLSearchParams(location.search);
    query.delete('q');
    query.delete('state');
    if (search.value.trim()) query.set('q', search.value.trim());
    for (const box of boxes) if (box.checked) query.append('state', box.dataset.show);
    const text = query.toString();
    history.replaceState(null, '', text ? `?${text}` : location.pathname);
  }

  form.addEventListener('submit', (event) => { event.preventDefault(); show(); remember(); });
  form.addEventListener('input', show);
  form.addEventListener('change', remember);
  addEventListener('keydown', (event) => {
    const typing = event.target.closest?.('input, textarea, select, [contenteditable]');
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    }
  });

  function count() {
    const counts = Object.fromEntries(STATES.map((state) => [state, 0]));
    for (const item of items()) counts[item.dataset.state] += 1;
    const all = list.children.length;
    for (const state of STATES) document.querySelector(`[data-count=${state}]`).textContent = counts[state];
    const worst = STATES.find((state) => counts[state] > 0) ?? 'unknown';
    const values = { n: counts[worst], all };
    const line = all === 0 ? words.none : worst === 'ok' ? words.all : words[worst];
    const headline = document.getElementById('headline');
    headline.textContent = fill(line, values);
    headline.parentElement.dataset.state = worst;
    const title = { down: words.titleDown, degraded: words.titleDegraded }[worst];
    document.title = title ? `${fill(title, values)} · api-canary` : 'api-canary';
  }

  // === New cards in place of old ones. ===

  const find = (name) => [...items()].find((item) => item.dataset.target === name);
  const FOCUSABLE = 'a[href], summary, button, input';

  function isBeingRead(item) {
    const selection = getSelection();
    return !selection.isCollapsed && selection.anchorNode !== null && item.contains(selection.anchorNode);
  }

  /** Puts a card in the place of the old one: what was open stays open, and the focus stays. */
  function replace(old, item) {
    const open = [...old.querySelectorAll('details')].map((part) => part.open);
    [...item.querySelectorAll('details')].forEach((part, index) => { part.open = open[index] ?? false; });
    const focused = [...old.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement);
    item.hidden = old.hidden;
    old.replaceWith(item);
    if (focused >= 0) {
      const again = item.querySelectorAll(FOCUSABLE);
      (again[focused] ?? again[0])?.focus({ preventScroll: true });
    }
  }

  const before = (a, b) =>
    stateOf(a) - stateOf(b) || (a.dataset.target < b.dataset.target ? -1 : 1);

  /** Moves what is not in its place, so that the worst come first; nothing while the list is in use, for a while. */
  let sortedAt = performance.now();
  function sort() {
    const inUse = list.matches(':hover') || list.contains(document.activeElement);
    if (inUse && performance.now() - sortedAt < 10_000) return;
    sortedAt = performance.now();
    const wanted = [...items()].sort(before);
    const focus = document.activeElement;
    for (let index = wanted.length - 1; index >= 0; index -= 1) {
      const next = wanted[index + 1] ?? null;
      if (wanted[index].nextElementSibling !== next) list.insertBefore(wanted[index], next);
    }
    if (focus !== document.activeElement && list.contains(focus)) focus.focus({ preventScroll: true });
  }

  function announce(changed) {
    if (changed.length === 0) return;
    const lines = changed.slice(0, 5).map((item) => {
      const said = item.querySelector('.verdict')?.textContent.trim() ?? '';
      const state = item.querySelector('.pill').textContent;
      return fill(words.became, { name: item.dataset.target, verdict: said === state ? state : `${state}, ${said}` });
    });
    document.getElementById('announce').textContent = lines.join(' · ');
  }

  /** Takes in fragments that were asked for by name; those that are not there are watched no more. */
  function take(fragment, names) {
    const page = new DOMParser().parseFromString(fragment, 'text/html');
    const found = new Map([...page.querySelectorAll('#targets > li')].map((item) => [item.dataset.target, item]));
    const changed = [];
    for (const name of names) {
      const old = find(name);
      const item = found.get(name);
      if (!item) {
        old?.remove();
        continue;
      }
      document.adoptNode(item);
      localise(item);
      if (old && isBeingRead(old)) {
        wanted.add(name);
      } else if (old) {
        if (old.dataset.state !== item.dataset.state) changed.push(item);
        replace(old, item);
      } else {
        list.append(item);
      }
    }
    sort();
    count();
    show();
    announce(changed);
  }

  // === What changed: asked for in batches, at most one a second. ===

  const BATCH = 50;
  const wanted = new Set();
  let asking = false;
  let mark = list.dataset.mark;

  /** On a page of hundreds, what is behind a line is asked for once it is opened. */
  const isBrief = (name) => 'brief' in list.dataset && !find(name)?.querySelector('.more')?.open;
  list.addEventListener('toggle', (event) => {
    if (!event.target.matches('.more[data-brief]') || !event.target.open) return;
    wanted.add(event.target.closest('[data-target]').dataset.target);
    ask();
  }, true);

  async function ask() {
    if (asking || wanted.size === 0) return;
    asking = true;
    let pause = 1000;
    const names = [...wanted].slice(0, BATCH);
    for (const name of names) wanted.delete(name);
    try {
      const query = new URLSearchParams();
      const brief = names.filter(isBrief);
      const whole = names.filter((name) => !brief.includes(name));
      if (whole.length > 0) query.set('names', whole.join(','));
      if (brief.length > 0) query.set('brief', brief.join(','));
      // Where the page was asked for in a language, the links of its cards keep it.
      if (new URLSearchParams(location.search).has('lang')) query.set('lang', language);
      const answer = await fetch(`${root}cards?${query}`, { headers: { accept: 'text/html' }, cache: 'no-store' });
      if (!answer.ok) throw new Error(`cards: ${answer.status}`);
      take(await answer.text(), names);
    } catch {
      for (const name of names) wanted.add(name);
      pause = 10_000;
    } finally {
      setTimeout(() => { asking = false; ask(); }, pause);
    }
  }

  function update(news) {
    mark = news.id;
    for (const name of news.gone) find(name)?.remove();
    if (news.all) {
      const all = new Set(news.all);
      for (const item of [...items()]) if (!all.has(item.dataset.target)) item.remove();
      for (const name of all) if (!find(name)) wanted.add(name);
    }
    for (const name of news.targets) wanted.add(name);
    if (news.gone.length > 0 || news.all) { count(); show(); }
    heard();
    ask();
  }

  // === The stream, and asking now and then where there is none. ===

  const live = document.getElementById('live');
  const SILENT = 45_000;
  let stream = null;
  let heardAt = Date.now();
  let failures = 0;
  let polls = null;
  let again = null;

  function say(state, text) {
    live.dataset.live = state;
    if (live.textContent !== text) live.textContent = text;
  }

  function heard() {
    heardAt = Date.now();
  }

  function connect() {
    clearTimeout(again);
    stream?.close();
    if (document.hidden) {
      rest();
      return;
    }
    if (live.dataset.live !== 'off') say('connecting', words.connecting);
    stream = new EventSource(`${root}api/v1/events?updates=1&since=${encodeURIComponent(mark)}`);
    stream.addEventListener('open', () => {
      failures = 0;
      clearTimeout(polls);
      polls = null;
      heard();
      say('connected', words.connected);
      age.textContent = '';
    });
    stream.addEventListener('alive', heard);
    stream.addEventListener('updated', (event) => update(JSON.parse(event.data)));
    stream.addEventListener('error', lost);
  }

  /** The browser would come back by itself, but not from where there is no room, and all browsers at once. */
  function lost() {
    stream?.close();
    stream = null;
    failures += 1;
    const seconds = Math.min(60, 2 ** Math.min(failures, 6)) * (0.5 + Math.random() / 2);
    clearTimeout(again);
    again = setTimeout(connect, seconds * 1000);
    stale();
    if (polls === null) poll();
  }

  /** Who does not look needs no stream: a browser has six connections for a host, and tabs that nobody sees would take them. */
  const RESTING = 30_000;
  function rest() {
    clearTimeout(again);
    clearTimeout(polls);
    stream?.close();
    stream = null;
    say('connecting', words.connecting);
    // The title tells in the row of tabs what is down.
    polls = setTimeout(poll, RESTING);
  }

  function look() {
    clearTimeout(polls);
    polls = null;
    failures = 0;
    connect();
  }

  /** The state is announced once; how old the page is stands beside it. */
  const age = document.getElementById('age');
  let every = 5;
  let polled = false;
  function stale() {
    say('off', words.off);
    const values = { age: ago((Date.now() - heardAt) / 1000), seconds: every };
    age.textContent = fill(polled ? words.polling : words.stale, values);
  }

  /** What the stream would say, asked for; ever less often where there is no answer. */
  async function poll() {
    try {
      const answer = await fetch(`${root}updates?since=${encodeURIComponent(mark)}`, { cache: 'no-store' });
      if (!answer.ok) throw new Error(`updates: ${answer.status}`);
      const news = await answer.json();
      every = 5;
      polled = true;
      if (stream === null || stream.readyState !== EventSource.OPEN) update(news);
    } catch {
      polled = false;
      every = Math.min(60, every * 2);
    }
    if (live.dataset.live === 'connected') return;
    clearTimeout(polls);
    if (!document.hidden) stale();
    polls = setTimeout(poll, document.hidden ? RESTING : every * 1000);
  }

  setInterval(() => {
    if (stream?.readyState === EventSource.OPEN) {
      if (Date.now() - heardAt > SILENT) lost();
    } else if (live.dataset.live === 'off') {
      stale();
    }
  }, 5000);
  addEventListener('pagehide', () => { stream?.close(); clearTimeout(again); clearTimeout(polls); });
  addEventListener('pageshow', (event) => { if (event.persisted) connect(); });
  document.addEventListener('visibilitychange', () => { if (document.hidden) rest(); else look(); });

  document.getElementById('reload').hidden = true;
  say('connecting', words.connecting);
  show();
  connect();
})();
