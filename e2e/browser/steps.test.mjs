// The gate in each of its steps, as the gallery shows it, in every language:
// nothing for axe-core to say, valid HTML, no wider than a phone.
import { after, test } from 'node:test';
import { close, fits, judge, languages, listen, portal, visit } from './lib.mjs';

after(close);

// Between them they show every part that the gate has.
const steps = ['gate-work', 'gate-step2', 'gate-uncounted', 'gate-step3-problems'];

for (const lang of languages) {
  test(`steps ${lang}`, async (t) => {
    const { page, context } = await visit({ lang, bypassCSP: true });
    const sent = listen(page);
    for (const name of steps) {
      await t.test(name, async () => {
        await page.goto(`${portal.admin_url}/gallery/${lang}/${name}`);
        await judge(`${lang} ${name}`, page, sent);
      });
    }
    await context.close();
  });

  // Without scripts a page is the longer one: the second captcha stands on it.
  test(`steps ${lang} at 320 px`, async () => {
    const { page, context } = await visit({ lang, scripts: false, width: 320 });
    for (const name of steps) {
      await page.goto(`${portal.admin_url}/gallery/${lang}/${name}`);
      await fits(page);
    }
    await context.close();
  });
}
