// Every page, in every language it has: nothing for axe-core to say, valid
// HTML, and nothing that the page's own policy would have to refuse (must-show 5).
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { axe, close, enter, fits, judge, knock, languages, listen, once, portal, taken, validHTML, visit } from './lib.mjs';

after(close);

// pages gives every page of the public listener; before brings the browser there.
const pages = [
  { name: 'home', path: '/' },
  { name: 'gate', path: '/lookup' },
  { name: 'gate with errors', path: '/lookup', before: (page) => page.locator('main form button[type=submit]:not([name])').click() },
  { name: 'gate refused', path: '/lookup', before: (page) => knock(page, { reference: '00000000000098', digits: '0000' }) },
  { name: 'letter', path: '/letter' },
  { name: 'letter with errors', path: '/letter', before: (page) => page.locator('main form button[type=submit]:not([name])').click() },
  { name: 'letter asked', path: '/letter/asked' },
  { name: 'privacy', path: '/privacy' },
  { name: 'accessibility', path: '/accessibility' },
  { name: 'ended', path: '/ended' },
  { name: 'left', path: '/left' },
  { name: 'not found', path: '/no-such-page' },
];

// onlyRead is the household whose meter is known by its yearly readings alone,
// the last that the demo gives.
const onlyRead = 14;

// The judges themselves are seen red.
if (once) test('a faulty page is seen', async () => {
  const { page, context } = await visit({ bypassCSP: true });
  await page.goto(`${portal.url}/en/`);
  await page.evaluate(() => document.querySelector('main').append(document.createElement('input')));
  await assert.rejects(axe(page), /label/);
  await assert.rejects(validHTML('made up', '<!doctype html><html lang="en"><head><title>x</title></head><body><p><div></div></p></body></html>'), /close-order|element-permitted/);
  await assert.rejects(validHTML('made up', '<!doctype html><html lang="en"><head><title>x</title></head><body><p style="color:red">x</p></body></html>'), /no-inline-style/);
  await page.evaluate(() => document.querySelector('h1').style.setProperty('width', '5000px'));
  await assert.rejects(fits(page), /px wide/);
  await context.close();

  const still = await visit({ bypassCSP: true, scripts: false }); // the checker is lent its script
  await still.page.goto(`${portal.url}/en/`);
  await axe(still.page);
  await still.page.evaluate(() => document.querySelector('main').append(document.createElement('input')));
  await assert.rejects(axe(still.page), /label/);
  await still.page.goto('data:text/html,<script>document.title = "on"</script>');
  assert.equal(await still.page.title(), '', 'it kept the page its scripts');
  await still.context.close();
});

for (const lang of languages) {
  test(`pages ${lang}`, async (t) => {
    const { page, context } = await visit({ lang, bypassCSP: true });
    const sent = listen(page);
    for (const p of pages) {
      await t.test(p.name, async () => {
        await page.goto(`${portal.url}/${lang}${p.path}`);
        if (p.before) {
          await p.before(page);
          await page.waitForLoadState('load');
        }
        await judge(`${lang} ${p.name}`, page, sent);
      });
    }
    await context.close();
  });

  test(`pages of a visit ${lang}`, async (t) => {
    const { page, context } = await visit({ lang, bypassCSP: true });
    const sent = listen(page);
    const first = (energy) => portal.references.find((r) => r.energy === energy) ?? taken();
    for (const [energy, reference] of [['electricity', first('electricity')], ['gas', first('gas')], ['only read', portal.references[onlyRead]]]) {
      await enter(page, lang, reference);
      await page.setViewportSize({ width: 320, height: 640 });
      await fits(page);
      await page.setViewportSize({ width: 1180, height: 900 });
      const grains = await page.locator('.seg a').evaluateAll((all) => all.map((a) => a.href));
      assert.ok(grains.length > 1);
      for (const href of grains) {
        await t.test(`${energy} ${new URL(href).search}`, async () => {
          await page.goto(href);
          await judge(`${lang} ${href}`, page, sent);
        });
      }
      await t.test(`${energy} detail`, async () => {
        await page.goto(`${portal.url}/${lang}/consumption/detail`);
        await judge(`${lang} ${energy} detail`, page, sent);
      });
    }
    await context.close();
  });
}
