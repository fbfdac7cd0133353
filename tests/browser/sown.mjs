// Faults that the checks must find: the real pages, spoilt on their way to the browser. A check that sees nothing cannot pass.

import http from 'node:http';
import { axeFaults, card, focusFaults, intrusions, policyFaults, shown, widthFaults } from './checks/pages.mjs';
import { wordFaults } from './checks/live.mjs';
import { injectionFaults } from './checks/policy.mjs';
import { HOST } from './program.mjs';
import { payload } from './peers.mjs';

// Hands on what a canary answers, spoilt by `spoil`, which is given the path, the headers and the text.
async function spoiling(canary, spoil) {
  const server = http.createServer((request, response) => {
    const headers = { ...request.headers };
    delete headers['accept-encoding'];
    const asked = http.request(`${canary.url}${request.url}`, { method: request.method, headers, agent: false }, (answer) => {
      if ((answer.headers['content-type'] ?? '').startsWith('text/event-stream')) {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
        return;
      }
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('end', () => {
        const spoilt = { path: request.url, headers: { ...answer.headers }, text: Buffer.concat(chunks).toString() };
        spoil(spoilt);
        delete spoilt.headers['content-length'];
        delete spoilt.headers['transfer-encoding'];
        response.writeHead(answer.statusCode, spoilt.headers);
        response.end(spoilt.text);
      });
    });
    asked.on('error', () => response.destroy());
    response.on('close', () => asked.destroy());
    request.pipe(asked);
  });
  await new Promise((resolve) => server.listen(0, HOST, resolve));
  return {
    url: `http://${HOST}:${server.address().port}`,
    close() {
      server.closeAllConnections?.();
      server.close();
    },
  };
}

const inPage = (spoil) => (answer) => {
  if ((answer.headers['content-type'] ?? '').startsWith('text/html') && answer.path.startsWith('/?')) spoil(answer);
};
const inBody = (html) => inPage((answer) => (answer.text = answer.text.replace('</main>', `${html}</main>`)));
const inStyle = (css) => (answer) => {
  if (answer.path.includes('page.css')) answer.text += css;
};
// Again and again, as cards come in anew.
const inScript = (script) => (answer) => {
  if (answer.path.includes('page.js')) answer.text += `\n{ const sown = () => { ${script} }; sown(); setInterval(sown, 20); }\n`;
};
const own = (tab) => tab.take();
const words = async (tab, { name, wanted }) => wordFaults(await tab.run(card, name), wanted);

// What is done to the pages, which check looks, and what it must say.
const SOWN = {
  'an inline script': { spoil: inBody('<script>window.__ran = 1</script>'), look: own, said: /script-src/ },
  'an inline style': { spoil: inBody('<p style="color: red">x</p>'), look: own, said: /style-src/ },
  'a picture of another server': { spoil: inBody('<img alt="" src="http://127.0.0.1:9/x.png">'), look: own, said: /img-src|elsewhere/ },
  'a file that is not there': { spoil: inBody('<script src="assets/no-such-file.js"></script>'), look: own, said: /404/ },
  'an error of a script': {
    spoil: (answer) => {
      if (answer.path.includes('page.js')) answer.text = `throw new Error('sown');\n${answer.text}`;
    },
    look: own,
    said: /sown/,
  },
  'no policy': {
    spoil: inPage(({ headers }) => delete headers['content-security-policy']),
    look: async (tab, _, response) => policyFaults(response),
    said: /default-src is missing/,
  },
  'a loose policy': {
    spoil: inPage(({ headers }) => {
      headers['content-security-policy'] = headers['content-security-policy'].replace("script-src 'self'", "script-src 'self' 'unsafe-inline'");
    }),
    look: async (tab, _, response) => policyFaults(response),
    said: /script-src allows/,
  },
  'no policy, and what is put into the page': {
    spoil: inPage(({ headers }) => delete headers['content-security-policy']),
    look: (tab, { url }) => injectionFaults(tab, { url, asked: [] }),
    said: /an inline script works/,
  },
  'a field without a label': {
    spoil: inBody('<input type="text">'),
    look: async (tab) => (await axeFaults(tab)).faults,
    said: /axe critical: label/,
  },
  'text that can hardly be seen': {
    spoil: (answer) => {
      inStyle('p.sown { color: #999 !important; background: #aaa !important; }')(answer);
      inBody('<p class="sown">Text that can hardly be seen.</p>')(answer);
    },
    look: async (tab) => (await axeFaults(tab)).faults,
    said: /axe serious: color-contrast/,
  },
  'a page that is too wide': {
    spoil: (answer) => {
      inStyle('.sown { width: 2000px; }')(answer);
      inBody('<p class="sown">Wide.</p>')(answer);
    },
    look: widthFaults,
    said: /px wide in a window/,
  },
  'focus that cannot be seen': {
    spoil: inStyle('*:focus, *:focus-visible { outline: none !important; box-shadow: none !important; background: inherit !important; border-color: inherit !important; }'),
    look: focusFaults,
    said: /focus cannot be seen/,
  },
  'a field that Tab does not reach': {
    spoil: inPage((answer) => (answer.text = answer.text.replace(/id="filter"/, 'id="filter" tabindex="-1"'))),
    look: focusFaults,
    said: /does not reach the filter/,
  },
  'text of a peer that is not escaped': {
    spoil: inBody(payload('sown')),
    look: intrusions,
    lawless: true,
    said: /__xss is sown/,
  },
  'a remedy without words': {
    spoil: inScript(`for (const it of document.querySelectorAll('.remedy')) it.replaceChildren();`),
    look: words,
    said: /remedy is empty/,
  },
  'the words of another fault': {
    spoil: inScript(`for (const it of document.querySelectorAll('.verdict')) it.textContent = 'the moon is full';`),
    look: words,
    said: /verdict says "the moon is full/i,
  },
  'a target that is not shown': {
    spoil: inPage((answer) => (answer.text = answer.text.replace('<ul id="targets"', '<ul hidden id="targets"'))),
    look: async (tab, broken) => ((await tab.run(shown)).includes(broken.name) ? [] : ['it is not shown']),
    said: /not shown/,
  },
};

// `broken` is a target of that canary that is down: its name, and what is to be said of it.
export async function sown({ report, browser }, canary, broken) {
  for (const [what, { spoil, look, lawless = false, said }] of Object.entries(SOWN)) {
    await report.check(`sown: ${what} is found`, undefined, async () => {
      const server = await spoiling(canary, spoil);
      const tab = await browser.tab({ lawless });
      try {
        const response = await tab.visit(`${server.url}/?lang=en`);
        const faults = await look(tab, { ...broken, url: server.url }, response);
        return faults.some((fault) => said.test(fault)) ? [] : [`not found although it was sown; found was: ${faults.join('\n') || 'nothing'}`];
      } finally {
        await tab.close();
        server.close();
      }
    });
  }
}
