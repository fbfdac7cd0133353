// What was checked, one line each; what failed says what, where, and which picture shows it.

import { mkdirSync } from 'node:fs';
import path from 'node:path';

export class Report {
  constructor(directory) {
    mkdirSync(directory, { recursive: true });
    this.directory = directory;
    this.count = 0;
    this.failures = [];
    this.began = Date.now();
  }

  // Runs a check of what a tab shows. It returns its faults; what it throws is one. Others go on either way.
  async check(name, tab, check) {
    const began = Date.now();
    this.count += 1;
    const number = String(this.count).padStart(3, '0');
    let faults;
    try {
      faults = (await check()) ?? [];
    } catch (error) {
      faults = [error.message];
    }
    if (tab !== undefined) faults.push(...(await tab.take()));
    const took = ((Date.now() - began) / 1000).toFixed(1);
    if (faults.length === 0) {
      console.log(`ok     ${name} (${took} s)`);
      return true;
    }
    const lines = faults.map((fault) => `       ${fault.replaceAll('\n', '\n         ')}`);
    if (tab !== undefined) {
      const file = path.join(this.directory, `${number}-${name.replaceAll(/[^A-Za-z0-9]+/g, '-')}.png`);
      const shown = await tab.picture(file).then(() => file, (error) => `no picture: ${error.message}`);
      lines.push(`       at ${tab.page.url()}`, `       see ${shown}`);
    }
    console.log(`FAILED ${name} (${took} s)\n${lines.join('\n')}`);
    this.failures.push(name);
    return false;
  }

  note(text) {
    console.log(`       ${text}`);
  }

  // Whether all is well.
  end() {
    const took = Math.round((Date.now() - this.began) / 1000);
    if (this.failures.length === 0 && this.count > 0) {
      console.log(`\n${this.count} checks in ${took} s, nothing is wrong`);
      return true;
    }
    console.log(`\n${this.failures.length} of ${this.count} checks failed in ${took} s; what is wrong with each is above:`);
    for (const name of this.failures) console.log(`  ${name}`);
    return false;
  }
}
