'use strict';
// The page of a target kept up to date, its filters without a reload, and its report into the clipboard. The page is whole
// without it; what is put into it is only what the server rendered.
(() => {
  const main = document.querySelector('main[data-target]');
  if (!main) return;
  const root = document.body.dataset.root || '';
  const name = main.dataset.target;
  const LEAST = 1000; // Milliseconds between two renewals.

  // === the report ===

  const byHand = (text) => {
    const area = document.createElement('textarea');
    area.value = text;
    area.readOnly = true;
    area.className = 'unseen';
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  };

  const copy = async (text) => {
    // Only pages from https or this machine may use the clipboard; elsewhere the old way works.
    if (navigator.clipboard) {
      try {
        await navigator.clipboard.writeText(text);
        return true;
      } catch { /* refused: try by hand */ }
    }
    return byHand(text);
  };

  main.addEventListener('click', async (event) => {
    const button = event.target.closest('#copy-report');
    if (!button) return;
    let done = false;
    try {
      const answer = await fetch(button.dataset.report, { cache: 'no-store' });
      done = answer.ok && await copy(await answer.text());
    } catch { /* told below */ }
    button.focus();
    const told = document.getElementById('copied');
    told.dataset.ok = String(done);
    told.textContent = done ? button.dataset.copied : button.dataset.failed;
  });

  // === times, where one looks at them ===

  const localise = (within) => {
    for (const time of within.querySelectorAll('time[datetime]')) {
      const at = new Date(time.dateTime);
      if (!Number.isNaN(at.getTime())) time.title = at.toLocaleString(document.documentElement.lang, { timeZoneName: 'short' });
    }
  };

  // === renewal ===

  const SAME = 'a[href], button, summary, [tabindex]';

  const placeOf = (element, section) => {
    const key = element.closest('[data-key]');
    return element.id || (key && element.tagName === 'SUMMARY' ? key.dataset.key : [...section.querySelectorAll(SAME)].indexOf(element));
  };

  const at = (place, section) => {
    if (typeof place === 'number') return section.querySelectorAll(SAME)[place];
    const keyed = [...section.querySelectorAll('details[data-key]')].find((details) => details.dataset.key === place);
    return keyed ? keyed.querySelector('summary') : document.getElementById(place);
  };

  const replace = (old, fresh) => {
    const opened = new Set([...old.querySelectorAll('details[open][data-key]')].map((details) => details.dataset.key));
    for (const details of fresh.querySelectorAll('details[data-key]')) {
      if (opened.has(details.dataset.key)) details.open = true;
    }
    const scrolled = [...old.querySelectorAll('.scroll, .turns')].map((box) => [box.scrollLeft, box.scrollTop]);
    const focused = old.contains(document.activeElement) ? placeOf(document.activeElement, old) : null;
    if (old.id === 'verdict') keepTools(old, fresh);
    old.replaceWith(fresh);
    localise(fresh);
    fresh.querySelectorAll('.scroll, .turns').forEach((box, index) => {
      [box.scrollLeft, box.scrollTop] = scrolled[index] || [0, 0];
    });
    if (focused !== null) at(focused, fresh)?.focus({ preventScroll: true });
  };

  // What the script has put into the top stays.
  const keepTools = (old, fresh) => {
    fresh.querySelector('#copy-report').hidden = false;
    for (const id of ['copied', 'target-live']) {
      const [before, after] = [old.querySelector(`#${id}`), fresh.querySelector(`#${id}`)];
      if (before && after) after.replaceWith(before);
    }
  };

  const put = (page) => {
    const fresh = page.querySelector('main[data-target]');
    if (!fresh) return;
    if (fresh.dataset.state !== main.dataset.state) announce(fresh);
    main.dataset.state = fresh.dataset.state;
    document.title = page.title;
    for (const section of [...fresh.querySelectorAll('section[id]')]) {
      const old = document.getElementById(section.id);
      if (old && rendered.get(old) !== section.innerHTML) {
        const html = section.innerHTML;
        replace(old, document.importNode(section, true));
        remember(document.getElementById(section.id), html);
      }
    }
  };

  // What the server rendered, so that a section that is the same is left alone, with what one has selected in it.
  const rendered = new WeakMap();
  const remember = (section, html) => rendered.set(section, html);

  const announcer = document.createElement('p');
  announcer.className = 'unseen';
  announcer.setAttribute('role', 'status');
  document.body.append(announcer);
  const announce = (fresh) => {
    const words = ['.state', '.verdict'].map((part) => fresh.querySelector(part)?.textContent.trim());
    announcer.textContent = `${name}: ${words.filter(Boolean).join('. ')}`;
  };

  const fetchPage = async (href) => {
    const answer = await fetch(href, { cache: 'no-store' });
    if (!answer.ok) return null;
    return new DOMParser().parseFromString(await answer.text(), 'text/html');
  };

  const selecting = () => {
    const selection = document.getSelection();
    return selection && !selection.isCollapsed && main.contains(selection.anchorNode);
  };

  let last = 0;
  let waiting = null;
  let asking = false;

  const renew = () => {
    if (waiting !== null) return;
    waiting = setTimeout(async () => {
      waiting = null;
      // Whoever selects words wants to keep them.
      if (document.hidden) return;
      if (asking || selecting()) {
        renewLater();
        return;
      }
      asking = true;
      last = Date.now();
      try {
        const page = await fetchPage(location.href);
        if (page) put(page);
      } catch { /* the stream says whether the canary is there */ }
      asking = false;
    }, Math.max(0, last + LEAST - Date.now()));
  };

  const renewLater = () => {
    last = Date.now();
    renew();
  };

  // === the choice of journeys ===

  const show = async (href) => {
    const page = await fetchPage(href).catch(() => null);
    const fresh = page?.querySelector('#journeys');
    if (!fresh) {
      location.href = href;
      return;
    }
    const html = fresh.innerHTML;
    replace(document.getElementById('journeys'), document.importNode(fresh, true));
    remember(document.getElementById('journeys'), html);
  };

  main.addEventListener('click', (event) => {
    const link = event.target.closest('a[data-swap]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    history.pushState(null, '', link.href);
    show(link.href);
  });
  addEventListener('popstate', () => show(location.href));

  // === the stream ===

  const live = (state) => {
    const told = document.getElementById('target-live');
    if (!told || told.dataset.live === state) return;
    told.dataset.live = state;
    told.textContent = told.dataset[state] || '';
  };

  let events = null;
  let again = null;

  const rest = () => {
    clearTimeout(again);
    events?.close();
    events = null;
  };

  // Who does not look needs no stream: a browser has six connections for a host, and tabs that nobody sees would take them.
  const listen = () => {
    rest();
    if (document.hidden) return;
    events = new EventSource(`${root}api/v1/events?updates=1`);
    events.addEventListener('open', () => {
      live('connected');
      // What changed meanwhile is not told.
      renew();
    });
    events.addEventListener('error', () => {
      live('connecting');
      if (events?.readyState !== EventSource.CLOSED) return;
      clearTimeout(again);
      again = setTimeout(listen, 5000);
    });
    events.addEventListener('updated', (event) => {
      const { targets = [], gone = [] } = JSON.parse(event.data);
      if (gone.includes(name)) live('gone');
      if (targets.includes(name)) {
        live('connected');
        renew();
      }
    });
  };

  addEventListener('pagehide', rest);
  addEventListener('pageshow', (event) => { if (event.persisted) listen(); });
  document.addEventListener('visibilitychange', () => { if (document.hidden) rest(); else listen(); });
  for (const section of main.querySelectorAll('section[id]')) remember(section, section.innerHTML);
  document.getElementById('copy-report').hidden = false;
  localise(main);
  listen();
})();
