// A gate that is shut, for whatever cause: the notice stands in the place of
// every page behind it, in every language, and no judge has a word to say
// against it, on a desk or on a telephone (G11, T17, must-show 5).
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { close, judged, languages, listen, portal, visit } from './lib.mjs';

after(close);

for (const lang of languages) {
  test(`a shut gate ${lang}`, async (t) => {
    const { page, context } = await visit({ lang, bypassCSP: true });
    const sent = listen(page);
    let notice;
    for (const path of ['/', '/lookup', '/letter', '/letter/asked', '/consumption']) {
      await t.test(path, async () => {
        const answer = await page.goto(`${portal.url}/${lang}${path}`);
        assert.equal(answer.status(), path === '/' ? 200 : 503);
        assert.equal(await page.locator('html').getAttribute('lang'), lang);
        assert.equal(await page.locator('main form, main input').count(), 0, 'something is asked behind a shut door');
        assert.match(await page.locator('main').textContent(), /078/, 'nobody is named who can be called');
        if (path === '/') assert.equal(await page.locator('main .note.stop').count(), 1, 'the first page does not tell');
        const told = path === '/' ? undefined : await page.locator('main').innerHTML();
        if (notice) return assert.equal(told, notice, 'this page tells something else than the one that was judged');
        notice = told;
        await judged(`closed ${portal.why} ${lang}${path.replaceAll('/', ' ')}`, page, sent);
      });
    }
    await context.close();
  });
}
