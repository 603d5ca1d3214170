// A request for works as its requester follows it, in every status and
// language, as the gallery shows it: nothing for axe-core to say, valid HTML,
// no wider than a phone, every date opened.
import { after, test } from 'node:test';
import { close, fits, judge, languages, listen, portal, visit } from './lib.mjs';

after(close);

const pages = ['gate-problems', 'gate-step3', 'list', 'list-none', 'end-of-contract', 'offered-wrong', 'offered-user', 'incomplete', 'incomplete-given',
  'accepted', 'awaiting', 'planned', 'postponed', 'closed', 'expired', 'refused'].map((name) => `works-${name}`);

for (const lang of languages) {
  test(`works followed ${lang}`, async (t) => {
    const { page, context } = await visit({ lang, bypassCSP: true });
    const sent = listen(page);
    for (const name of pages) {
      await t.test(name, async () => {
        await page.goto(`${portal.admin_url}/gallery/${lang}/${name}`);
        await page.evaluate(() => document.querySelectorAll('details').forEach((d) => d.setAttribute('open', '')));
        await judge(`${lang} ${name}`, page, sent);
      });
    }
    await context.close();
  });

  test(`works followed ${lang} at 320 px`, async () => {
    const { page, context } = await visit({ lang, scripts: false, width: 320 });
    for (const name of pages) {
      await page.goto(`${portal.admin_url}/gallery/${lang}/${name}`);
      await fits(page);
    }
    await context.close();
  });
}
