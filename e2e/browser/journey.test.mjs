// home -> gate -> chart -> table -> CSV -> leave, as every household may come:
// in four languages, on a phone and on a desk, with and without scripts, and by
// keyboard alone (must-show 1).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { captcha, close, fits, languages, once, picture, portal, tabTo, taken, visit, wrongDigits, knock } from './lib.mjs';

after(close);

async function csvIsWhole(download) {
  const text = readFileSync(await download.path(), 'utf8');
  const rows = text.trim().split(/\r?\n/);
  assert.ok(rows.length > 3, `the CSV has ${rows.length} lines`);
  assert.ok(!/(^|[;,"])[=+@]/m.test(text.replace(/^\ufeff/, '')), 'a spreadsheet would run a cell');
  for (const r of portal.references) assert.ok(!text.includes(r.ean), 'an EAN stands unmasked in a download');
}

async function chartAndTable(page) {
  assert.ok(await page.locator('main svg, main figure').first().isVisible(), 'no chart');
  const rows = await page.locator('main table tbody tr').count();
  assert.ok(rows >= 1, 'no table under the chart');
  assert.ok(!(await page.content()).includes('NaN'), 'a number is missing');
}

for (const lang of languages) {
  for (const width of [1180, 320]) {
    for (const scripts of [true, false]) {
      const name = `${lang} at ${width} px with scripts ${scripts ? 'on' : 'off'}`;
      // without scripts it looks the same
      const shot = (page, step) => scripts && picture(page, `${lang}-${width}-${step}`);
      test(`journey ${name}`, async () => {
        const { page, context, complaints } = await visit({ lang, width, scripts });
        const reference = taken();
        await page.goto(`${portal.url}/${lang}/`);
        assert.equal(await page.locator('html').getAttribute('lang'), lang);
        await fits(page);
        await shot(page, '1-home');

        await page.locator(`main a[href$="/${lang}/lookup"]`).first().click();
        await page.waitForURL(`**/${lang}/lookup`);
        await fits(page);
        await shot(page, '2-gate');

        await knock(page, reference, wrongDigits(reference));
        assert.equal(await page.locator('[role=alert]').count(), 1);
        assert.equal(await page.locator('#digits').inputValue(), '');
        await fits(page);
        await shot(page, '3-refused');

        await knock(page, reference);
        assert.equal(new URL(page.url()).pathname, `/${lang}/consumption`);
        await chartAndTable(page);
        await fits(page);
        await shot(page, '4-consumption');

        const grains = await page.locator('.seg a').evaluateAll((all) => all.map((a) => a.href));
        for (const [i, href] of grains.entries()) {
          await page.goto(href);
          await fits(page);
          await shot(page, `5-grain-${i}`);
        }

        const csv = page.waitForEvent('download');
        await page.locator('a[href*="consumption.csv"]').first().click();
        await csvIsWhole(await csv);

        const inside = page.url();
        await page.locator('form[action$="/leave"] button').click();
        await page.waitForURL(`**/${lang}/left`);
        await fits(page);
        await shot(page, '6-left');
        await page.goBack();
        assert.equal(await page.locator('main table').count(), 0, 'the back button shows the data again');
        await page.goto(inside);
        await page.waitForURL(`**/${lang}/ended`);
        await fits(page);
        await shot(page, '7-ended');
        assert.deepEqual(complaints, []);
        await context.close();
      });
    }
  }

  test(`keyboard alone ${lang}`, async () => {
    const { page, context, complaints } = await visit({ lang });
    const reference = taken();
    const to = (selector) => tabTo(page, selector);
    const press = async (key, url) => {
      await Promise.all([page.waitForURL(url), page.keyboard.press(key)]);
    };
    await page.goto(`${portal.url}/${lang}/`);
    await page.keyboard.press('Tab');
    assert.ok(await page.evaluate(() => document.activeElement.matches('a[href="#main"]')), 'the first stop is not the way past the header');
    await to(`main a[href$="/${lang}/lookup"]`);
    await press('Enter', `**/${lang}/lookup`);
    await to('#reference');
    await page.keyboard.type(reference.reference);
    await to('#digits');
    await page.keyboard.type(reference.digits);
    await to('#captcha');
    await page.keyboard.type(await captcha(page));
    await press('Enter', `**/${lang}/consumption`);
    await chartAndTable(page);
    await to('main .scroll[tabindex="0"]');
    const csv = page.waitForEvent('download');
    await to('a[href*="consumption.csv"]');
    await page.keyboard.press('Enter');
    await csvIsWhole(await csv);
    await page.evaluate(() => document.activeElement.blur());
    await to('form[action$="/leave"] button');
    await press('Enter', `**/${lang}/left`);
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

if (once) test('home speaks the language of the browser', async () => {
  for (const [asked, lang] of [['de-BE', 'de'], ['nl-BE', 'nl'], ['en-GB', 'en'], ['fr-BE', 'fr'], ['sv-SE', 'fr']]) {
    const { page, context } = await visit({ lang: asked });
    await page.goto(`${portal.url}/`);
    assert.equal(new URL(page.url()).pathname, `/${lang}/`);
    await context.close();
  }
});

// The picture in README.md, taken anew only where asked for (e2e/test.sh --picture).
if (portal.picture && once) {
  test('README picture', async () => {
    const { page, context } = await visit({ lang: 'en' });
    await page.goto(`${portal.url}/en/lookup`);
    await knock(page, portal.references.find((r) => r.energy === 'electricity'));
    await page.mouse.move(0, 0);
    const { y, height } = await page.locator('main figure').first().boundingBox();
    await page.screenshot({ path: portal.picture, fullPage: true, clip: { x: 0, y: 0, width: 1180, height: y + height + 24 } });
    await context.close();
  });
}
