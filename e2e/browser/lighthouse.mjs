// Prints what Lighthouse gives home, gate and history of a running demo, the
// median of three looks at each, and why where it is less than asked. Run by e2e/bench.sh lighthouse:
//   node lighthouse.mjs <file of demo --json> <Redis> <free port for the browser>
import { readFileSync } from 'node:fs';

const [file, redis, port] = process.argv.slice(2);
const demo = JSON.parse(readFileSync(file, 'utf8').split('\n', 1)[0]);
process.env.E2E_PORTAL = JSON.stringify({ ...demo, redis, languages: ['fr'], out: '.' });
const { chromium } = await import('playwright-core');
const { default: lighthouse } = await import('lighthouse');
const { close, enter, program, visit } = await import('./lib.mjs');

const asked = { accessibility: 100, 'best-practices': 100, performance: 95 };

// A visit is opened as a person does; Lighthouse's browser then gets its cookies.
const { page, context } = await visit();
await enter(page, 'fr', demo.references[0]);
const cookies = await context.cookies(demo.url);

const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-gpu', `--remote-debugging-port=${port}`] });
let missed = 0;
try {
  const session = await browser.newBrowserCDPSession();
  for (const [name, path] of [['home', '/fr/'], ['gate', '/fr/lookup'], ['history', '/fr/consumption']]) {
    const looks = [];
    while (looks.length < 3) {
      await session.send('Storage.setCookies', { cookies }); // each closed tab forgets the visit
      const { lhr } = await lighthouse(demo.url + path, {
        port, logLevel: 'error', onlyCategories: Object.keys(asked), disableStorageReset: true,
      });
      if (new URL(lhr.finalDisplayedUrl).pathname !== path) throw new Error(`${path} led to ${lhr.finalDisplayedUrl}`);
      looks.push(lhr);
    }
    for (const [category, want] of Object.entries(asked)) {
      const score = (lhr) => Math.round(lhr.categories[category].score * 100);
      const lhr = [...looks].sort((a, b) => score(a) - score(b))[1];
      const got = score(lhr);
      if (got < want) missed++;
      console.log(`${`lighthouse ${lhr.lighthouseVersion}, ${name}, ${category} (${looks.map(score).join(', ')})`.padEnd(66)} ${String(got).padStart(8)}   goal >= ${String(want).padEnd(6)} ${got < want ? 'NOT MET' : 'met'}`);
      if (got === 100) continue;
      for (const { id, weight } of lhr.categories[category].auditRefs) {
        const { score, title, displayValue, details } = lhr.audits[id];
        if (!weight || score === null || score >= (category === 'performance' ? 0.9 : 1)) continue;
        console.log(`  ${id}: ${title} ${displayValue ?? ''}`);
        for (const item of details?.items ?? []) console.log(`    ${item.node?.snippet ?? item.description ?? JSON.stringify(item).slice(0, 200)}`);
      }
    }
  }
} finally {
  await browser.close();
  await close();
}
process.exitCode = missed ? 1 : 0;
