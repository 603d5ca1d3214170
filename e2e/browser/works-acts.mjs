// The rest of what people do with requests for works (must-show 8): an
// installer brings several in a file, by keyboard in Dutch; in German, on a
// telephone without scripts and by keyboard, papers and answers are given, a day
// does not hold, a request is called off, an offer is declined; and an installer
// follows others' requests by pointing, in English on such a telephone. Bad
// input comes first, and every page is judged.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import ICAL from 'ical.js';
import { acts, bank, brussels, done, kept, knocks, mails, officer, onScreen, onTelephone, person, phase, plain, says } from './works-people.mjs';
import { byHand, portal, signIn, wrong } from './lib.mjs';

const { partner, site } = portal;
const company = '0403.170.701'; // the partner's
const telephone = { scripts: false, width: 320 };
const file = (name, mimeType, text) => ({ name, mimeType, buffer: Buffer.from(text) });
const csv = (...lines) => file('requests.csv', 'text/csv', ['kind;energy;street;postcode;town;ean;gas_flow', ...lines].join('\n'));
const photo = async (page) => file('photo.png', 'image/png', await page.screenshot());

// What one finds, others go on with.
const found = {};

// days are what a calendar program reads at an address; none where it ended.
async function days(address) {
  const answer = await fetch(address);
  if (answer.status === 404) return undefined;
  assert.equal(answer.headers.get('content-type'), 'text/calendar; charset=utf-8');
  const text = await answer.text();
  kept('feed.ics', text);
  return new ICAL.Component(ICAL.parse(text)).getAllSubcomponents('vevent').map((e) => new ICAL.Event(e));
}

// row is the address of a request in the installer's list, "" where it is not.
async function row({ page, lang }, number) {
  await page.goto(`${portal.url}/${lang}/partner/works`);
  const links = await page.locator('#works tbody a').evaluateAll((all) => all.map((a) => [a.textContent, a.getAttribute('href')]));
  return links.find(([text]) => plain(text) === number)?.[1] ?? '';
}

// atYard is the officer, who by keyboard opens a request and acts on it; what
// works-walk.test.mjs walks by keyboard goes by pointing here.
async function atYard() {
  const desk = await person('desk de', 'de', {}, onScreen);
  const { page, hand } = desk;
  await page.goto(`${portal.desk_url}/de/desk`);
  await signIn(page, hand, officer, 1);
  const quick = acts(desk, byHand.mouse(page));
  return {
    desk, act: acts(desk, hand),
    async opens(number) {
      await page.goto(`${portal.desk_url}/de/desk/works`);
      await hand.type('#number', number);
      await hand.press('form:has(#number) button');
      return page.url();
    },
    async ready(address) {
      await page.goto(address);
      await quick('no-study', () => page.locator('#no-study-reason').fill('Nichts am Netz zu ändern.'));
      await done(desk);
    },
    async plan(address, day, half) {
      await page.goto(address);
      await quick('plan', async () => {
        await page.locator('#plan-day').fill(brussels(day));
        await page.locator(`input[name=plan-half][value=${half}]`).check();
        await page.locator('#plan-team').fill('Verviers 3');
      });
      await done(desk);
    },
  };
}

async function ends(...people) {
  for (const { context, complaints } of people) {
    assert.deepEqual(complaints, []);
    await context.close();
  }
}

test('an installer brings requests in a file, in Dutch, by keyboard', async () => {
  const installer = await person('nl', 'nl', {}, onScreen);
  const { page, hand, look } = installer;
  await page.goto(`${portal.url}/nl/partner/works`);
  await signIn(page, hand, partner, 0);
  await hand.press('nav a[href$="/partner/works"]');
  await look('1 list');
  await hand.press('main a[href$="/partner/works/upload"]');
  await look('2 upload');
  const send = 'main form[action$="/upload"] button';
  await hand.press(send);
  await wrong(page, 'file');
  await look('3 upload refused');
  const bring = async (what) => {
    await page.locator('#file').setInputFiles(what);
    await hand.press(send);
  };
  const place = `${site.street};${site.postcode};${site.town}`;
  await bring(csv(`opening;electricity;;${site.postcode};${site.town};${site.ean};`, `smart-meter;electricity;${place};${site.ean};12`, 'steam;;;;;;'));
  assert.equal(await page.locator('[role=alert]').count(), 1);
  const lines = await page.locator('#rows tbody tr').evaluateAll((all) => all.map((tr) => [...tr.cells].slice(0, 2).map((c) => c.textContent.trim())));
  assert.deepEqual(lines, [['2', 'street'], ['3', 'gas_flow'], ['4', 'kind']]);
  await look('4 wrong lines');
  await bring(csv(`opening;electricity;${place};${site.ean};`, `smart-meter;electricity;${place};${site.ean};`));
  assert.equal(await page.locator('#rows tbody tr').count(), 2);
  await look('5 fine lines');
  await hand.press('main form[action$="/make"] button');
  await done(installer);
  await look('6 made');

  const [m] = await mails('contact@ourthe.example', 1);
  found.requests = [...plain(m.plain).matchAll(/(\d\d \d{4} \d{4})\D+(\d{6})\b/g)].map(([, number, code]) => ({ number, code }));
  assert.equal(found.requests.length, 2, m.plain);
  await hand.press(`main a[href="${await row(installer, found.requests[0].number)}"]`);
  await look('7 incomplete');

  await page.goto(`${portal.url}/nl/partner/works`);
  await hand.press('main a[href$="/partner/works/calendar"]');
  await look('8 calendar');
  await hand.press('main form[action$="/make"] button');
  found.feed = await page.locator('.secret').innerText();
  await look('9 address');
  assert.deepEqual(await days(found.feed), []);
  await hand.press('main form[action$="/digest"] button');
  assert.match(await page.locator('main').innerText(), /contact@ourthe\.example/);
  await look('10 daily mail');
  await ends(installer);
});

test('what is missing, another day and the end, in German, without scripts, by keyboard', async () => {
  const requester = await person('de asked', 'de', telephone, onTelephone);
  const { page, hand, look } = requester;
  const [{ number, code }] = found.requests;
  await page.goto(`${portal.url}/de/works/lookup`);
  await knocks(requester, { number, code });
  await phase(requester, '1. Antrag', 'Sie sind am Zug');
  await look('1 incomplete');
  const add = 'form[action*="/papers"] button';
  await hand.choose('#paper_kind', 'photo');
  await hand.press(add);
  await wrong(page, 'document');
  assert.equal(await page.locator('#paper_kind').inputValue(), 'photo', 'what was chosen is lost');
  await look('2 no paper');
  await page.locator('#document').setInputFiles(file('conformity.exe', 'application/pdf', 'MZ'));
  await hand.press(add);
  await wrong(page, 'document');
  for (const asked of ['conformity', 'mandate']) {
    await hand.choose('#paper_kind', asked);
    await page.locator('#document').setInputFiles(await photo(page));
    await hand.press(add);
    await done(requester);
  }
  await look('3 papers');
  await hand.press('form[action*="/complete"] button');
  await done(requester);
  await phase(requester, '1. Antrag', 'Wir sind am Zug');

  const { desk, act, opens, ready, plan } = await atYard();
  const at = await opens(number);
  await act('ask-missing');
  await wrong(desk.page, 'ask-missing-missing');
  await desk.look('1 nothing ticked');
  await act('ask-missing', () => desk.hand.tick('input[name=ask-missing-missing-meter_number]'));
  await done(desk);
  await phase(requester, '1. Antrag', 'Sie sind am Zug');
  await hand.press('form[action*="/complete"] button');
  await wrong(page, 'meter_number');
  await look('4 number refused');
  await hand.type('#meter_number', '31 245 678');
  await hand.press('form[action*="/complete"] button');
  await done(requester);

  await ready(at);
  await plan(at, 7, 'morning');
  assert.deepEqual((await days(found.feed)).map((e) => plain(e.summary)), [`Werken, aanvraag ${number}`]);
  await phase(requester, '4. Vorbereitung', 'geplant');
  await says(requester, 'postpone', 'An diesem Tag ist niemand im Haus.', 'postpone_reason');
  await look('5 postponed');
  await phase(requester, '4. Vorbereitung', 'Wir sind am Zug');
  assert.deepEqual(await days(found.feed), []);
  await plan(at, 9, 'afternoon');
  await act('postpone');
  await wrong(desk.page, 'postpone-reason');
  await desk.look('2 postpone refused');
  await act('postpone', () => desk.hand.type('#postpone-reason', 'Der Zähler ist noch nicht geliefert.'));
  await done(desk);
  await desk.look('3 postponed');
  await phase(requester, '4. Vorbereitung', 'Wir sind am Zug');
  assert.match(await page.locator('.said').innerText(), /noch nicht geliefert/);
  await says(requester, 'cancel', 'Wir bauen doch nicht.', 'cancel_reason', false);
  await look('6 cancelled');

  const astray = await bank({ number: '233', reference: 'astray', text: 'Danke', cents: 4_200 });
  assert.deepEqual([astray.booked, astray.waiting], [0, 1]);
  await desk.page.goto(`${portal.desk_url}/de/desk/works/payments`);
  const aside = 'form[action$="/aside"]';
  await desk.hand.press(`${aside} button`);
  const field = await desk.page.locator(`${aside} textarea`).getAttribute('id');
  await wrong(desk.page, field);
  await desk.look('4 aside refused');
  await desk.hand.type(`#${field}`, 'Für den Sportverein, nicht für uns.');
  await desk.hand.press(`${aside} button`);
  await done(desk);
  assert.equal(await desk.page.locator(aside).count(), 0);
  await desk.look('5 set aside');
  await ends(requester);
  Object.assign(found, { desk, act, opens, ready, plan });
});

test('whose request an installer follows: in German by keyboard, in English by pointing, without scripts', async () => {
  const requester = await person('de shared', 'de', telephone, onTelephone);
  const { page, hand, look } = requester;
  const number = portal.works.number.replace(/(..)(....)(....)/, '$1 $2 $3');
  await page.goto(`${portal.url}/de/works/lookup`);
  await knocks(requester, portal.works);
  await phase(requester, '3. Angebot', 'Sie sind am Zug');
  await hand.press('form[action*="/unshare"] button');
  await done(requester);
  await look('1 ended');

  const installer = await person('en', 'en', telephone, onTelephone, byHand.mouse);
  const by = installer.hand;
  await installer.page.goto(`${portal.url}/en/partner/works`);
  await signIn(installer.page, by, partner, 1);
  assert.equal(await row(installer, number), '', 'what was ended is still listed');
  await by.choose('select[name=turn]', 'requester');
  await by.press('form.desk-filter button');
  await installer.look('1 filtered');
  await by.press('main a[href$="/partner/works/claim"]');
  await by.press('main form button[type=submit]:not([name])');
  await wrong(installer.page, 'number', 'code', 'captcha');
  await installer.look('2 claim refused');
  await knocks(installer, portal.works);
  assert.match(await installer.page.locator('[role=alert]').innerText(), /The code does not bring it back/, 'D10');
  await installer.look('3 ended for good');
  assert.equal(await row(installer, number), '');

  await phase(requester, '3. Angebot', 'Sie sind am Zug');
  const share = 'form[action*="/share"]';
  await hand.press(`details:has(${share}) > summary`, false);
  await hand.type('#company', '0403.170.702');
  await hand.press(`${share} button`);
  await wrong(page, 'company');
  assert.equal(await page.locator('#company').inputValue(), '0403.170.702', 'what was typed is lost');
  await look('2 share refused');
  await hand.type('#company', company);
  await hand.press(`${share} button`);
  await done(requester);
  await by.press(`main a[href="${await row(installer, number)}"]`);
  await installer.look('4 allowed');
  await by.press('main form[action$="/let-go"] button');
  await done(installer);
  assert.equal(await row(installer, number), '');
  await by.press('main a[href$="/partner/works/claim"]');
  await knocks(installer, portal.works);
  await done(installer);
  await installer.look('4 claimed');
  await phase(requester, '3. Angebot', 'Sie sind am Zug');
  await says(requester, 'decline', 'Zu teuer für uns.', 'decline_reason', false);
  await look('3 declined');

  await by.press(`main a[href="${await row(installer, found.requests[1].number)}"]`);
  await by.press('form[action*="/papers"] button', true);
  await wrong(installer.page, 'document');
  await installer.look('5 paper refused');
  await installer.page.locator('#document').setInputFiles(await photo(installer.page));
  await by.press('form[action*="/papers"] button');
  await done(installer);
  await by.press('form[action*="/complete"] button');
  await done(installer);
  const { desk, act, opens, ready, plan, feed } = found;
  const at = await opens(found.requests[1].number);
  await ready(at);
  await plan(at, 7, 'afternoon');
  assert.equal((await days(feed)).length, 1);
  await installer.page.reload();
  await says(installer, 'postpone', 'The wall is still wet.', 'postpone_reason');
  await installer.look('6 postponed');
  await desk.page.goto(at);
  await act('cancel'); // in the requester's name
  await wrong(desk.page, 'cancel-reason');
  await act('cancel', () => desk.hand.type('#cancel-reason', 'Die Firma hat angerufen: Es wird nicht gebaut.'));
  await done(desk);
  await desk.look('6 cancelled in their name');
  await installer.page.goto(`${portal.url}/en/partner/works/calendar`);
  await installer.look('7 calendar');
  await by.press('main form[action$="/digest"] button');
  await by.press('main form[action$="/end"] button');
  await installer.look('8 ended');
  assert.equal(await days(feed), undefined, 'the address still answers');
  await ends(requester, installer, desk);
});
