// The real gate in its second step, which browser_test.go brought it to: work is
// solved while the visitor types, and the form opens the file: by keyboard, by
// ear, on a phone and without scripts (G7, D18).
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { captcha, close, fits, judge, languages, listen, picture, portal, tabTo, taken, visit } from './lib.mjs';

after(close);

const knockAt = (page, lang) => page.goto(`${portal.url}/${lang}/lookup`);
const inside = (page, lang) => page.waitForURL(`**/${lang}/consumption`);
const told = (page) => page.locator('[role=status]');

test('G7 keyboard alone, the work is done while one types', async () => {
  const { page, context, complaints } = await visit({ lang: 'de' });
  const reference = taken();
  await knockAt(page, 'de');
  for (const [selector, text] of [['#reference', reference.reference], ['#digits', reference.digits], ['#captcha', await captcha(page)]]) {
    await tabTo(page, selector);
    await page.keyboard.type(text);
  }
  await Promise.all([inside(page, 'de'), page.keyboard.press('Enter')]);
  assert.ok(await page.locator('main table tbody tr').count() >= 1);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('G7 a phone, in German, with scripts and without', async () => {
  for (const scripts of [true, false]) {
    const { page, context, complaints } = await visit({ lang: 'de', width: 320, scripts });
    const reference = taken();
    await knockAt(page, 'de');
    await fits(page);
    assert.equal(await told(page).isVisible(), scripts);
    assert.equal(await page.locator('#captcha2').isVisible(), !scripts);
    if (scripts) await page.waitForFunction(() => document.querySelector('form').elements.altcha.value !== '');
    await picture(page, `gate-de-320-step2-${scripts ? 'on' : 'off'}`);
    await page.locator('#reference').fill(reference.reference);
    await page.locator('#digits').fill(reference.digits);
    await page.locator('#captcha').fill(await captcha(page));
    const send = page.locator('main form button[type=submit]:not([name])');
    if (!scripts) {
      await send.click(); // the second is forgotten: it is blamed, on a page that fits
      assert.equal(await page.locator('#captcha2').getAttribute('aria-invalid'), 'true');
      await fits(page);
      await picture(page, 'gate-de-320-step2-off-blamed');
      await page.locator('#digits').fill(reference.digits);
      await page.locator('#captcha').fill(await captcha(page));
      await page.locator('#captcha2').fill(await captcha(page, 'captcha2'));
    }
    await Promise.all([inside(page, 'de'), send.click()]);
    await fits(page);
    assert.deepEqual(complaints, []);
    await context.close();
  }
});

test('D18 by ear: the browser can play the sound, under the page\'s own policy', async () => {
  const { page, context, complaints } = await visit({ lang: 'fr' });
  const reference = taken();
  await knockAt(page, 'fr');
  await page.locator('button[value=sound]').click();
  await page.locator('audio').waitFor();
  const seconds = await page.locator('audio').evaluate((audio) => new Promise((resolve, reject) => {
    audio.onloadedmetadata = () => resolve(audio.duration);
    audio.onerror = () => reject(new Error(audio.error.message));
    audio.preload = 'metadata';
    audio.load();
  }));
  assert.ok(seconds > 3 && seconds < 30, `${seconds} s`);
  assert.ok(await page.locator('audio').evaluate((audio) => audio.paused && !audio.autoplay), 'it plays by itself');
  await page.locator('#reference').fill(reference.reference);
  await page.locator('#digits').fill(reference.digits);
  await page.locator('#captcha').fill(await captcha(page));
  await Promise.all([inside(page, 'fr'), page.locator('main form button[type=submit]:not([name])').click()]);
  assert.deepEqual(complaints, []);
  await context.close();
});

for (const lang of languages) {
  test(`the second step is judged ${lang}`, async () => {
    const { page, context } = await visit({ lang, bypassCSP: true });
    const sent = listen(page);
    await knockAt(page, lang);
    await told(page).waitFor();
    await judge(`${lang} step 2`, page, sent);
    await context.close();
  });
}
