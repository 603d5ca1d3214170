// Three browsers and a program of a partner's (must-show 1 and 7 of the
// mandates): the partner drafts, the customer signs, an officer compares and
// grants, data leave on a page and over the API, the customer revokes, and
// nothing leaves any more. Once with a certificate that names the occupant, by
// keyboard alone with every page judged; once with ink, scanned and confirmed
// behind the reference, on telephones without scripts.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { byHand, close, enter, fits, guichet, judged, listen, onPaper, portal, signIn, visit, wrong } from './lib.mjs';

after(close);

const officer = portal.staff.find((s) => s.role === 'mandates');
const purpose = { de: 'Tarife vergleichen und den Verbrauch begleiten.', fr: 'Comparer des offres et suivre la consommation.' };

// taken gives the file that pressing something hands over.
async function taken(page, hand, selector) {
  const download = page.waitForEvent('download');
  await hand.press(selector, false);
  return readFileSync(await (await download).path());
}

// signed is a document with a signature under it: by certificate, or in ink.
async function signed(how, pdf) {
  const answer = await fetch(`${portal.pen}/${how}`, { method: 'POST', body: pdf });
  assert.ok(answer.ok);
  return { name: how === 'ink' ? 'scan.jpg' : 'signed.pdf', mimeType: how === 'ink' ? 'image/jpeg' : 'application/pdf', buffer: Buffer.from(await answer.arrayBuffer()) };
}

// holds asks the program whether a file is what was delivered on a mandate.
async function holds(name, text, mandate) {
  const file = join(portal.command.dir, name);
  writeFileSync(file, text);
  const said = await guichet('audit', 'verify-mandate', '--public-key', portal.public_key, file);
  assert.match(said, /the delivery holds/);
  assert.match(said, new RegExp(`mandate +${mandate}`));
}

// curl is a partner's program.
function curl(key, path) {
  return new Promise((resolve, reject) => {
    execFile('curl', ['-sS', '-w', '\n%{http_code} %{content_type}', '--oauth2-bearer', key, portal.url + path], (failed, out) => {
      if (failed) return reject(failed);
      const end = out.lastIndexOf('\n');
      const [status, ...type] = out.slice(end + 1).split(' ');
      return resolve({ status: Number(status), type: type.join(' '), body: out.slice(0, end) });
    });
  });
}

async function drafts(page, lang, hand, look, household, nth) {
  await page.goto(`${portal.url}/${lang}/partner`);
  assert.equal(new URL(page.url()).pathname, `/${lang}/partner/sign-in`);
  await look('sign-in');
  await signIn(page, hand, portal.partner, nth);
  assert.equal(new URL(page.url()).pathname, `/${lang}/partner`);
  await look('list');
  await hand.press('main a[href$="/partner/mandates/new"].btn');
  await hand.type('#name', household.name);
  await hand.press('main form[action$="/new"] button');
  await wrong(page, 'capacity', 'street', 'postcode', 'town', 'points', 'kinds', 'purpose');
  assert.equal(await page.locator('#name').inputValue(), household.name, 'what was typed is lost');
  await look('draft refused');
  await hand.pick('input[name=capacity][value=occupant]');
  for (const field of ['street', 'postcode', 'town']) await hand.type(`#${field}`, household[field]);
  await hand.choose('#language', lang);
  await hand.type('#points', household.ean);
  await hand.tick('input[name=kind_totals]');
  await hand.date('#data_from', '2025-01-01');
  await hand.type('#purpose', purpose[lang]);
  await hand.press('main form[action$="/new"] button');
  await look('drafted');
  return page.url().split('/').pop().split('?')[0];
}

async function givesIn(page, lang, hand, look, household, how) {
  await hand.press('main a[href$="/document.html"]');
  assert.equal(await page.locator('html').getAttribute('lang'), lang);
  for (const words of ['Conseil Énergie Ourthe SRL', household.name, purpose[lang]]) assert.match(await page.locator('body').innerText(), new RegExp(words));
  await look('document', true);
  await page.goBack();
  const file = await signed(how, await taken(page, hand, 'main a[href$="/document.pdf"]'));
  await page.locator('#document').setInputFiles(file);
  await hand.press('main form[action$="/give"] button');
  await page.locator('main [role=status]').waitFor(); // the page that follows
  await look('given in');
}

async function grants(page, lang, hand, look, household, how, nth, id) {
  await page.goto(`${portal.desk_url}/${lang}/desk`);
  await signIn(page, hand, officer, nth);
  await hand.press('nav a[href$="/desk/mandates"]');
  await look('desk list');
  await hand.press(`main tbody th a[href$="/${id}"]`);
  await look('desk quarantine');
  assert.equal(await page.locator('img.scan').count(), 1, 'T25: nobody lets go what they have not seen, drawn anew');
  await hand.press('main form[action$="/release"] button');

  const sheets = page.locator('img.scan');
  assert.ok(await sheets.count() > 0);
  await sheets.first().scrollIntoViewIfNeeded();
  await assert.doesNotReject(sheets.first().evaluate((img) => img.decode()), 'the sheet is no picture');
  const [paper, register] = [await sheets.first().boundingBox(), await page.locator('#deed-lines').boundingBox()];
  if (page.viewportSize().width > 320) {
    assert.ok(register.x + register.width < paper.x, 'paper and register do not stand side by side');
    assert.ok(await page.locator('.scroll:has(#deed-lines)').evaluate((e) => e.scrollWidth <= e.clientWidth), 'what was compared is cut off');
  }
  assert.match(await page.locator('#deed-lines').innerText(), new RegExp(household.name));
  await hand.press('main form[action$="/decide"] button');
  await wrong(page, 'signature');
  await look('desk undecided');

  const electronic = how === 'certificate';
  assert.equal(await page.locator('input[name=signature][value^=electronic]').count(), electronic ? 1 : 0, 'D8: whether its signature holds');
  await hand.pick(electronic ? 'input[name=signature][value^=electronic]' : 'input[name=signature][value=hand]');
  for (const box of await page.locator('input[name^=check_]').evaluateAll((all) => all.map((b) => b.name))) {
    if (!electronic || box !== 'check_signature') await hand.tick(`input[name=${box}]`);
  }
  await hand.press('main form[action$="/decide"] button');
  assert.equal(new URL(page.url()).pathname, `/${lang}/desk/mandates`);
  await look('desk decided');
}

async function makesKey(page, hand, look) {
  await hand.press('nav a[href$="/partner/keys"]');
  await hand.press('main form[action$="/keys"] button');
  await wrong(page, 'name', 'scopes');
  await look('key refused');
  await hand.type('#name', 'nightly');
  await hand.tick('input[name=scope_consumption]');
  await hand.press('main form[action$="/keys"] button');
  await look('key made');
  return page.locator('.secret').innerText();
}

async function invites(page, hand, look) {
  await hand.press('nav a[href$="/partner/people"]');
  await hand.press('main form[action$="/people"] button');
  await wrong(page, 'name');
  await look('people refused');
  await hand.type('#name', 'Ann Peeters');
  await hand.press('main form[action$="/people"] button');
  await page.locator('.secret').waitFor();
  await look('people invited');
}

async function walk({ lang, household, how, nth, browser, hand: handOf, look }) {
  const open = async () => {
    const opened = await visit({ lang, ...browser });
    opened.context.setDefaultTimeout(120_000); // who brings the first document waits for its reader to be compiled
    return { ...opened, hand: handOf(opened.page), look: look(opened.page) };
  };
  const [partner, desk, customer] = [await open(), await open(), await open()];
  const id = await drafts(partner.page, lang, partner.hand, partner.look, household, nth);
  await givesIn(partner.page, lang, partner.hand, partner.look, household, how);
  await grants(desk.page, lang, desk.hand, desk.look, household, how, nth, id);
  const key = await makesKey(partner.page, partner.hand, partner.look);
  await invites(partner.page, partner.hand, partner.look);
  const ask = () => curl(key, `/api/v1/mandates/${id}/consumption?ean=${household.ean}&grain=month`);

  const { page, hand } = customer;
  await enter(page, lang, household);
  await hand.press('main a[href*="/mandates?"]');
  const deed = `section:has(#m-${id})`;
  assert.equal(await page.locator(`${deed} h2`).innerText(), 'Conseil Énergie Ourthe SRL');
  await customer.look('customer told');
  if (how === 'ink') { // D8: nothing leaves before the customer's yes
    const early = await ask();
    assert.equal(early.status, 403, early.body);
    await hand.press(`${deed} form[action*="/confirm"] button`);
    await customer.look('customer confirmed');
  }
  assert.equal(await page.locator(`${deed} form[action*="/confirm"]`).count(), 0);

  await partner.page.goto(`${portal.url}/${lang}/partner`);
  await partner.hand.press(`main a[href$="/${id}"]`);
  await partner.look('granted');
  await partner.hand.press('main a[href$="/points/1"]');
  await partner.look('point');
  const csv = 'button[formaction$="consumption.csv"]';
  await holds('delivery.csv', await taken(partner.page, partner.hand, csv), id);
  const answer = await ask();
  assert.equal(answer.status, 200, answer.body);
  assert.ok(JSON.parse(answer.body).consumption.values.length > 3);
  await holds('delivery.json', answer.body, id);

  await page.reload();
  const today = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Brussels', year: 'numeric' }).format();
  assert.match(await page.locator(`${deed} dl > div`).last().innerText(), new RegExp(today), 'the customer does not see when');
  await hand.press(`main a[href*="/seen?"]`);
  assert.ok(await page.locator('.looks > li', { hasText: 'Conseil Énergie Ourthe SRL' }).count() >= 2, 'L18: the customer does not see both deliveries');
  await customer.look('customer looks');
  await page.goBack();
  await hand.press(`${deed} summary`, false);
  await hand.press(`${deed} form[action*="/revoke"] button`);
  await customer.look('customer revoked');
  assert.equal(await page.locator(`${deed} form`).count(), 0, 'what is over can be confirmed or revoked');

  const late = await ask();
  assert.deepEqual([late.status, late.type], [403, 'application/problem+json'], late.body);
  const [refused] = await Promise.all([partner.page.waitForResponse((r) => r.url().includes('consumption.csv')), partner.hand.press(csv)]); // the page was still open
  assert.equal(refused.status(), 403);
  assert.equal(await partner.page.locator('main .tag.stop').count(), 1, 'nobody is told that it is over');
  assert.equal(await partner.page.locator(csv).count(), 0, 'what is revoked is still offered');
  await partner.look('point refused');
  for (const { context, complaints } of [partner, desk, customer]) {
    if (!browser.bypassCSP) assert.deepEqual(complaints, []);
    await context.close();
  }
}

test('a mandate signed by certificate, by keyboard alone', () => walk({
  lang: 'de', household: portal.households[0], how: 'certificate', nth: 0, browser: { bypassCSP: true }, hand: byHand.keyboard,
  look: (page) => {
    const sent = listen(page);
    return async (name, paper) => {
      await judged(`de mandate ${name}`, page, sent, true);
      if (paper) await onPaper(page);
    };
  },
}));

test('a mandate signed in ink, on telephones without scripts', () => walk({
  lang: 'fr', household: portal.households[1], how: 'ink', nth: 1, browser: { width: 320, scripts: false }, hand: byHand.mouse,
  look: (page) => () => fits(page),
}));
