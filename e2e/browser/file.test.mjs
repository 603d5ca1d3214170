// The pages about a person's own file, walked the way somebody would who makes
// mistakes: the choice of detail, the letter's twin, the history by post, who
// looked, everything the portal holds, and what is wrong with it; then the desk,
// where it is answered. Every household walks twice in each language: by
// keyboard alone with every page judged, and on a telephone without scripts
// (must-show 5, S4, L28, D3, D5).
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { atDesk, blames, byHand, close, enter, fits, guichet, judged, languages, listen, onPaper, portal, validHTML, visit } from './lib.mjs';

after(close);

// Who walks: with scripts, and without. Those who have chosen the detail
// already withdraw it.
const walkers = { fr: [0, 6], de: [2, 12], nl: [4, 13], en: [10, 11] };
const chosen = [0, 2, 4];
const complaint = { fr: 'Mon prénom s’écrit Émilie.', de: 'Mein Vorname wird Jörg geschrieben.', nl: 'Mijn voornaam is Daniël.', en: 'My first name is Zoë.' };

const text = async (download) => readFileSync(await (await download).path(), 'utf8');

async function walk(page, lang, hand, look, chooses) {
  const at = (path) => assert.equal(new URL(page.url()).pathname, `/${lang}${path}`);
  const heading = () => page.locator('h1').innerText();

  await hand.press('.seg a[href*="grain=hour"]');
  await hand.press('main a[href*="/consumption/detail"]');
  at('/consumption/detail');
  await look('detail');
  if (chooses) {
    await hand.press('button[name=do][value=choose]');
    await look('detail chosen');
  }
  await hand.press('button[name=do][value=withdraw]');
  await blames(page, 'sure');
  await look('detail not withdrawn');
  await hand.tick('#sure');
  await hand.press('button[name=do][value=withdraw]');
  assert.equal(await page.locator('button[name=do][value=choose]').count(), 1, 'D5: not withdrawn');
  await look('detail withdrawn');
  await hand.press('main a[href*="/consumption?"]');

  await hand.press('main a[href*="consumption.html"]');
  assert.equal(await page.locator('html').getAttribute('lang'), lang);
  assert.ok(await page.locator('tbody tr').count() > 3, 'the twin has no table');
  await look('twin', true);
  await hand.press('a[href*="/consumption?"]');

  await hand.press('form[action*="/consumption/by-post"] button');
  at('/consumption/posted');
  const queued = await heading();
  await look('by post');
  await hand.press('main .buttons a[href*="/consumption?"]');
  await hand.press('form[action*="/consumption/by-post"] button');
  at('/consumption/posted');
  assert.notEqual(await heading(), queued, 'L28: nobody is told that it was asked already');
  await look('by post again');
  await hand.press('main .buttons a[href*="/consumption?"]');

  await hand.press('main a[href*="/seen?"]');
  assert.ok(await page.locator('.looks > li').count() >= 5, 'L18: what was just done is not all there');
  await look('seen', true);
  const receipt = page.waitForEvent('download');
  await hand.press('a[href*="/seen/receipt"]', false);
  assert.match(await text(receipt), /^\S+/);
  await hand.press('main .buttons a[href*="/consumption?"]');

  await hand.press('main a[href*="/mine?"]');
  at('/mine');
  await look('mine', true);
  const held = page.waitForEvent('download');
  await hand.press('a[href*="/mine.json"]', false);
  assert.match(JSON.parse(await text(held)).access_point.ean_masked, /^54-- ---- ---- --\d\d \d\d$/, 'G12');
  await hand.press('main a[href*="/rectify?"]');

  await hand.choose('#field', 'name');
  await hand.press('main form button.btn:not(.quiet)');
  await blames(page, 'wrong');
  assert.equal(await page.locator('#field').inputValue(), 'name', 'what was chosen is lost');
  await look('rectify without words');
  await hand.choose('#field', '');
  await hand.type('#wrong', complaint[lang]);
  await hand.press('main form button.btn:not(.quiet)');
  await blames(page, 'field');
  assert.equal(await page.locator('#wrong').inputValue(), complaint[lang], 'what was typed is lost');
  await look('rectify without a field');
  await hand.choose('#field', 'name');
  await hand.press('main form button.btn:not(.quiet)');
  at('/rectify/asked');
  await look('rectify asked');
  await hand.press('main a[href*="/mine?"]');
  assert.equal(await page.locator('#requests tbody tr').count(), 1, 'the request is not among what is held');

  await hand.press('form[action$="/leave"] button');
  at('/left');
}

for (const lang of languages) {
  test(`a file by keyboard alone ${lang}`, async () => {
    const { page, context } = await visit({ lang, bypassCSP: true });
    const sent = listen(page);
    await enter(page, lang, portal.references[walkers[lang][0]]);
    await walk(page, lang, byHand.keyboard(page), async (name, paper) => {
      await judged(`${lang} file ${name}`, page, sent);
      if (paper) await onPaper(page);
    }, !chosen.includes(walkers[lang][0]));
    await context.close();
  });

  test(`a file on a telephone without scripts ${lang}`, async () => {
    const { page, context, complaints } = await visit({ lang, width: 320, scripts: false });
    await enter(page, lang, portal.references[walkers[lang][1]]);
    await walk(page, lang, byHand.mouse(page), () => fits(page), true);
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

test('who looked, page by page, and a receipt that can be checked', async () => {
  const { page, context } = await visit();
  await enter(page, 'fr', portal.references[0]);
  await page.goto(`${portal.url}/fr/seen?of=1`);
  const next = page.locator('nav.paging a[rel=next]');
  for (let n = 0; n < 26 && await next.count() === 0; n++) await page.reload(); // each look is one more
  const first = await page.locator('.looks time').allInnerTexts();
  await next.click();
  await page.locator('nav.paging a[rel=prev]').waitFor();
  const file = page.waitForEvent('download');
  await page.locator('a[href*="/seen/receipt"]').last().click();
  assert.match(await guichet('audit', 'check', await (await file).path()), /\S/);
  await page.locator('nav.paging a[rel=prev]').click();
  assert.equal(first.length, 25);
  await context.close();
});

async function wrongs(page, sent) {
  for (const [lang, hand] of [['fr', byHand.mouse(page)], ['de', byHand.keyboard(page)]]) {
    await page.goto(`${portal.desk_url}/${lang}/desk`);
    await hand.press('.desk-nav a[href$="/desk/rectifications"]');
    const asked = page.locator('.desk-wrong');
    const waiting = await asked.count();
    assert.ok(waiting >= 1, 'S4: the requests have not arrived');
    await judged(`desk ${lang} rectifications`, page, sent, true);
    const id = (await page.locator('.desk-wrong form').first().getAttribute('action')).split('/').pop();
    const form = `form[action$="/${id}"]`;
    await hand.type(`#words-${id}`, 'Sehr geehrte Frau, wir haben es geändert.');
    await hand.press(`${form} button`);
    await blames(page, `decision-${id}`);
    assert.match(await page.locator(`#words-${id}`).inputValue(), /geändert/, 'what was typed is lost');
    await judged(`desk ${lang} rectification without a decision`, page, sent, true);
    await hand.choose(`#decision-${id}`, 'refused');
    await hand.type(`#words-${id}`, '');
    await hand.press(`${form} button`);
    await blames(page, `words-${id}`);
    assert.notEqual(await page.locator(`#decision-${id}`).inputValue(), '', 'what was chosen is lost');
    await judged(`desk ${lang} rectification without words`, page, sent, true);
    await hand.type(`#words-${id}`, 'Sehr geehrte Frau, wir haben es geändert.');
    await hand.press(`${form} button`);
    assert.equal(await page.locator('main [role=status]').count(), 1);
    assert.equal(await asked.count(), waiting - 1, 'an answered request still waits');
  }
  const answered = await visit();
  const shown = [];
  for (const reference of languages.flatMap((lang) => walkers[lang]).map((n) => portal.references[n])) {
    await enter(answered.page, 'fr', reference);
    await answered.page.goto(`${portal.url}/fr/mine`);
    shown.push(await answered.page.locator('#requests tbody').innerText());
    await answered.page.locator('form[action$="/leave"] button').click();
  }
  assert.equal(shown.filter((s) => s.includes('Décidé le')).length, 2, `two households read that they were answered: ${shown}`);
  await answered.context.close();
}

async function moves(page, sent) {
  for (const { reference, file } of portal.moves) { // what they see today is of somebody else's time
    const { page, context } = await visit();
    await enter(page, 'fr', portal.references.find((r) => r.reference === reference));
    await context.close();
    await guichet('import', 'registry', file);
  }
  for (const [lang, hand] of [['fr', byHand.mouse(page)], ['de', byHand.keyboard(page)]]) {
    await page.goto(`${portal.desk_url}/${lang}/desk`);
    await hand.press('.desk-nav a[href$="/desk/moves"]');
    const waiting = await page.locator('.desk-wrong').count();
    assert.ok(waiting > 0, 'D3: no move is there');
    await judged(`desk ${lang} moves`, page, sent, true);
    await hand.press('.desk-wrong form button');
    assert.equal(await page.locator('main [role=status]').count(), 1);
    assert.equal(await page.locator('.desk-wrong').count(), waiting - 1);
    await judged(`desk ${lang} move seen`, page, sent, true);
  }
}

test('the back office, where a code lets somebody in once', async (t) => {
  const { page, context } = await visit({ lang: 'fr', bypassCSP: true });
  const sent = listen(page);
  await atDesk(page, 'fr', portal.staff.find((s) => s.role === 'office'));
  await t.test('what is wrong is answered', () => wrongs(page, sent));
  await t.test('D3 a move learnt late is looked at', () => moves(page, sent));
  await context.close();
});

test('every letter that went out has a twin that is valid', async () => {
  const outbox = join(portal.command.dir, 'outbox');
  const letters = readdirSync(outbox).filter((name) => name.endsWith('.html'));
  assert.ok(letters.length > 0);
  for (const name of letters) await validHTML(name, readFileSync(join(outbox, name), 'utf8'));
});
