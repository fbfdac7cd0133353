// A language that was asked for stays from page to page, and what was searched for stays when the language changes.

export async function language({ report, browser }, canary, name) {
  const tab = await browser.tab();
  const lang = () => tab.run(() => document.documentElement.lang);
  const follow = (selector) => Promise.all([tab.page.waitForNavigation({ waitUntil: 'load' }), tab.click(selector)]);
  await report.check('language: one that was asked for stays from page to page', tab, async () => {
    await tab.visit(`${canary.url}/`);
    const faults = [];
    const expect = async (wanted, where) => {
      const found = await lang();
      if (!found.startsWith(wanted)) faults.push(`${where} is told in ${found}, not in ${wanted}: ${tab.page.url()}`);
    };
    await expect('en', 'the first page');
    await follow('a.language');
    await expect('zh', 'the page after the switch');
    await follow(`#targets > li[data-target="${name}"] .name a`);
    await expect('zh', 'the page of a target');
    await follow('.back a');
    await expect('zh', 'the first page again');
    await follow('a.language');
    await expect('en', 'the page after the switch back');
    return faults;
  });
  for (const scripts of [true, false]) {
    const asking = await browser.tab({ scripts });
    await report.check(`language: the switch keeps what was searched for, ${scripts ? 'with' : 'without'} scripts`, asking, async () => {
      await asking.visit(`${canary.url}/?q=${name}&state=ok&state=down`);
      await Promise.all([asking.page.waitForNavigation({ waitUntil: 'load' }), asking.click('a.language')]);
      const now = await asking.run(() => ({
        lang: document.documentElement.lang,
        typed: document.querySelector('#filter').value,
        states: [...document.querySelectorAll('[data-show]:checked')].map((it) => it.dataset.show).sort().join(),
      }));
      const faults = [];
      if (!now.lang.startsWith('zh')) faults.push(`the page is told in ${now.lang}`);
      if (now.typed !== name) faults.push(`the filter says "${now.typed}", not "${name}"`);
      if (now.states !== 'down,ok') faults.push(`the states are [${now.states}], not [down,ok]`);
      return faults;
    });
    await asking.close();
  }
  await tab.close();
}
