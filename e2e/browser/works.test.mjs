// Every page about works in every state it can be in, as the gallery shows
// them, on a telephone without scripts: the requester's and the installer's in
// four languages, the officer's in its two (must-show 8 of the works). All fit,
// and the fullest of each are judged; what people do there is walked in
// works-walk.test.mjs and works-acts.mjs.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { close, fits, judge, languages, listen, portal, visit } from './lib.mjs';

after(close);

const about = /\/(works-[a-z0-9-]+|installer-[a-z-]+|closed-works|desk-works[a-z-]*|desk-payments[a-z-]*)$/;
const fullest = new RegExp(`/(works-(${['new-(kind|site|paper|check)-problem', 'new-problems', 'new-discard', 'new-bill-company', 'made-incomplete', 'gate-problems',
  'list', 'end-of-contract', 'offered-wrong', 'incomplete', 'incomplete-given', 'planned', 'closed'].join('|')})|desk-(works-(many|problems|incomplete|gas|blocked|done|papers|sure)|payments-problems)|installer-(list|offered|upload-lines))$`);

for (const lang of languages) {
  test(`works ${lang}`, async (t) => {
    const { page, context, complaints } = await visit({ lang, bypassCSP: true, scripts: false, width: 320 });
    const sent = listen(page);
    await page.goto(`${portal.admin_url}/gallery`);
    const addresses = await page.locator(`a[href^="/gallery/${lang}/"]`).evaluateAll((all) => all.map((a) => a.href));
    const shown = addresses.filter((href) => about.test(href));
    const judged = shown.filter((href) => fullest.test(href));
    assert.deepEqual([shown.length, judged.length], lang === 'fr' || lang === 'de' ? [95, 28] : [72, 19]);
    for (const href of shown) {
      await t.test(href.split('/').pop(), async () => {
        await page.goto(href);
        await page.evaluate(() => document.querySelectorAll('details').forEach((d) => d.setAttribute('open', '')));
        await fits(page);
        if (judged.includes(href)) await judge(href, page, sent);
      });
    }
    assert.deepEqual(complaints, []);
    await context.close();
  });
}
