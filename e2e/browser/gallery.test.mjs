// Every page about mandates in every state it can be in, as the gallery shows
// them, on a telephone: the partner's and the customer's in four languages, the
// officer's in its two (must-show 7 of the mandates). The fullest of each are
// judged; German has been, page by page, in mandates.test.mjs.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { close, fits, judge, languages, listen, portal, visit } from './lib.mjs';

after(close);

const about = /\/(partner|mandates|desk-mandate|desk-partner)[a-z-]*$/;
const fullest = /\/(partner-(ask|ask-problems|asked|sign-in-refused|set-up-problems|set-up-seed|home|draft-problems|mandate-decided|mandate-returned|keys-made|people-made|point-in-force|supplies-problems|supply)|mandates|desk-(mandates|mandate-problems|partners|partner-asked|partner-wrong))$/;

for (const lang of languages) {
  test(`pages about mandates ${lang}`, async () => {
    const { page, context, complaints } = await visit({ lang, bypassCSP: true, width: 320 });
    const sent = listen(page);
    await page.goto(`${portal.admin_url}/gallery`);
    const addresses = await page.locator(`a[href^="/gallery/${lang}/"]`).evaluateAll((all) => all.map((a) => a.href));
    const shown = addresses.filter((href) => about.test(href));
    const judged = shown.filter((href) => fullest.test(href));
    assert.deepEqual([shown.length, judged.length], lang === 'fr' || lang === 'de' ? [49, 21] : [38, 16]);
    for (const href of shown) {
      await page.goto(href);
      await fits(page);
      if (lang !== 'de' && judged.includes(href)) await judge(href, page, sent);
    }
    assert.deepEqual(complaints, []);
    await context.close();
  });
}
