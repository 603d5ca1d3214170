// Every page, in every language it has: nothing for axe-core to say, valid
// HTML, and nothing that the page's own policy would have to refuse (must-show 5).
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { axe, close, enter, languages, knock, portal, taken, validHTML, visit } from './lib.mjs';

after(close);

// pages gives every page of the public listener; before brings the browser there.
const pages = [
  { name: 'home', path: '/' },
  { name: 'gate', path: '/lookup' },
  { name: 'gate with errors', path: '/lookup', before: (page) => page.locator('main form button[type=submit]:not([name])').click() },
  { name: 'gate refused', path: '/lookup', before: (page) => knock(page, { reference: '00000000000098', digits: '0000' }) },
  { name: 'privacy', path: '/privacy' },
  { name: 'accessibility', path: '/accessibility' },
  { name: 'ended', path: '/ended' },
  { name: 'left', path: '/left' },
  { name: 'not found', path: '/no-such-page' },
];

// judge holds one page against every rule. served gives the bytes as sent.
async function judge(name, page, served) {
  await axe(page);
  await validHTML(name, served);
}

// listen keeps the last document the server sent.
function listen(page) {
  const last = { html: '' };
  page.on('response', async (r) => {
    if (r.request().resourceType() === 'document' && r.status() !== 303) last.html = r.text();
  });
  return last;
}

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
        await judge(`${lang} ${p.name}`, page, await sent.html);
      });
    }
    await context.close();
  });

  test(`pages of a visit ${lang}`, async (t) => {
    const { page, context } = await visit({ lang, bypassCSP: true });
    const sent = listen(page);
    for (const energy of ['electricity', 'gas']) {
      await enter(page, lang, portal.references.find((r) => r.energy === energy) ?? taken());
      const grains = await page.locator('.seg a').evaluateAll((all) => all.map((a) => a.href));
      assert.ok(grains.length > 1);
      for (const href of grains) {
        await t.test(`${energy} ${new URL(href).search}`, async () => {
          await page.goto(href);
          await judge(`${lang} ${href}`, page, await sent.html);
        });
      }
    }
    await context.close();
  });
}
