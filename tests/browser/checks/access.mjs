// Whether everybody can read and use the pages: axe-core, light and dark, both languages, from a telephone to 4K, the keyboard.

import { axeFaults, focusFaults, typeFaults, widthFaults } from './pages.mjs';

// The pages, by what they are called in the report; `places` are [what, URL].
export async function access({ report, browser }, places) {
  const remarks = new Map();
  for (const language of ['en', 'zh']) {
    for (const width of [360, 1280]) {
      const tab = await browser.tab({ language, width });
      for (const [what, url] of places) {
        const where = `${what}, ${language}, ${width} px`;
        await report.check(`access: ${where}`, tab, async () => {
          await tab.shade(false);
          const response = await tab.visit(url);
          const faults = response.ok() ? [] : [`answered ${response.status()}`];
          faults.push(...(await widthFaults(tab)));
          for (const dark of [false, true]) {
            await tab.shade(dark);
            // Only colours change with the shade.
            const { faults: serious, remarks: others } = await axeFaults(tab, dark ? 'color-contrast' : undefined);
            faults.push(...serious.map((it) => `${dark ? 'dark' : 'light'}: ${it}`));
            for (const remark of others) remarks.set(remark, where);
          }
          return faults;
        });
      }
      await tab.close();
    }
  }
  for (const [remark, where] of remarks) report.note(`${remark}, such as on ${where}`);
}

// Wide windows, and text of twice the size in narrow ones.
export async function widths({ report, browser }, places) {
  const tab = await browser.tab();
  for (const [what, url] of places) {
    await report.check(`widths: ${what} at 3840 px`, tab, async () => {
      await tab.resize(3840, 2160);
      await tab.visit(url);
      return [...(await widthFaults(tab)), ...(await typeFaults(tab))];
    });
    await report.check(`widths: ${what} at 320 px, which is 1280 px enlarged four times`, tab, async () => {
      await tab.resize(320, 640);
      await tab.visit(url);
      return widthFaults(tab);
    });
  }
  await tab.close();
}

export async function keyboard({ report, browser }, url) {
  for (const dark of [false, true]) {
    const tab = await browser.tab({ dark });
    await report.check(`keyboard: Tab reaches skip link, filter and cards, and is seen, ${dark ? 'dark' : 'light'}`, tab, async () => {
      await tab.visit(url);
      return focusFaults(tab);
    });
    await tab.close();
  }
  const tab = await browser.tab();
  await report.check('keyboard: the skip link leads past the navigation', tab, async () => {
    await tab.visit(url);
    await tab.page.keyboard.press('Tab');
    await tab.page.keyboard.press('Enter');
    await tab.page.keyboard.press('Tab');
    const at = await tab.run(() => ({
      inside: document.activeElement?.closest('main') !== null,
      html: document.activeElement?.outerHTML.slice(0, 120),
    }));
    return at.inside ? [] : [`the Tab behind the skip link leads to ${at.html}`];
  });
  await tab.close();
  const still = await browser.tab();
  await report.check('motion: nothing moves for who wants that', still, async () => {
    await still.page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }]);
    await still.visit(url);
    return still.run(() =>
      document
        .getAnimations()
        .filter(({ playState, effect }) => playState === 'running' && effect.getComputedTiming().duration > 100)
        .map(({ effect }) => `moves: ${effect.target?.outerHTML.slice(0, 120)}`),
    );
  });
  await still.close();
}
