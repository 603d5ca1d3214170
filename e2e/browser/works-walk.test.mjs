// A change to three phases from its capture to its closing (must-show 1 and 8
// of the works): Änne Schmitz asks in German on a telephone without scripts, by
// keyboard alone; W. Renard leads the request through its six phases at the
// desk in French; a mail server takes her mails, the bank brings her payments
// as CODA files, and another program reads the appointment. Every page of the
// way is judged.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, test } from 'node:test';
import ICAL from 'ical.js';
import { acts, bank, brussels, done, german, idle, kept, knocks, mails, officer, onScreen, onTelephone, person, phase, plain, says, taken } from './works-people.mjs';
import { atDesk, close, fits, onPaper, picture, portal, validHTML, wrong } from './lib.mjs';

after(close);

const { site } = portal;
const mail = 'aenne.schmitz@example.org';
const sunday = idle(14);

async function captures({ page, hand, look }) {
  const next = () => hand.press('button[value=next]');
  await page.goto(`${portal.url}/de/`);
  await hand.press('main a[href="/de/works/new"]');
  await next();
  await wrong(page, 'kind');
  await look('1 kind refused');
  await hand.pick('input[name=kind][value=phases]');
  await next();
  await next();
  await wrong(page, 'requester', 'name', 'channel');
  await look('2 you refused');
  await hand.pick('input[name=requester][value=person]');
  await hand.type('#name', 'Änne Schmitz');
  await hand.type('#mail', mail);
  await hand.type('#telephone', '087 12 34 56');
  await hand.pick('input[name=channel][value=mail]');
  await next();
  await look('3 site');
  await hand.type('#street', site.street);
  await hand.type('#postcode', site.postcode);
  await hand.type('#town', site.town);
  await hand.type('#ean', site.ean.slice(0, 17) + (Number(site.ean[17]) + 1) % 10);
  await next();
  await wrong(page, 'ean');
  assert.equal(await page.locator('#street').inputValue(), site.street, 'what was typed is lost');
  await hand.type('#ean', site.ean);
  await next();
  await hand.pick('input[name=supply][value=three-400]');
  await hand.type('#power_wished', '17,3');
  await hand.date('#wished_day', brussels(60));
  await look('4 works');
  await next();
  await hand.type('#first_occupied', '1998');
  await hand.tick('input[name=dwelling]');
  await hand.tick('input[name=end_user]');
  await look('5 bill');
  await next();
  await look('6 papers');
  await next();
  const answers = plain(await page.locator('main').innerText());
  for (const words of ['Von Einphasen- zu Dreiphasenstrom', 'Änne Schmitz', mail, site.street, 'Dreiphasig, 3 × 400 V + N', '17,3', german(brussels(60)), '1998']) {
    assert.ok(answers.includes(words), `${words} is not read back:\n${answers}`);
  }
  await look('7 check');
  await hand.press('button[value=send]');
  assert.equal(new URL(page.url()).pathname, '/de/works/made');
  await look('8 made');
  return { number: plain(await page.locator('#number').innerText()), code: await page.locator('#code').innerText() };
}

// receipt reads number and code from the mail, as the requester would.
async function receipt(shown) {
  const [m] = await mails(mail, 1);
  assert.equal(m.to, mail);
  assert.equal(m.subject, 'Ihr Antrag auf Arbeiten ist aufgenommen');
  const [, number] = /Nummer des Antrags: (\d\d \d{4} \d{4})\n/.exec(plain(m.plain));
  const [, code] = /Code: (\d{6})\n/.exec(m.plain);
  assert.deepEqual({ number, code }, shown, 'mail and page do not say the same');
  return { number, code };
}

async function opens({ page, hand, look }, { number, code }) {
  await page.goto(`${portal.url}/de/works/lookup`);
  await look('9 gate');
  await hand.press('main form button[type=submit]:not([name])');
  await wrong(page, 'number', 'code', 'captcha');
  await knocks({ page, hand }, { number, code: String((Number(code) + 1) % 1_000_000).padStart(6, '0') });
  assert.equal(await page.locator('[role=alert]').count(), 1);
  await look('10 gate refused');
  await knocks({ page, hand }, { number, code });
  assert.equal(new URL(page.url()).pathname, '/de/works/request');
}

// appointment is the day as another program reads it from the file.
async function appointment(requester) {
  const file = await taken(requester, 'a[href*="appointment.ics"]');
  kept('appointment.ics', file);
  const calendar = new ICAL.Component(ICAL.parse(file.toString()));
  const events = calendar.getAllSubcomponents('vevent');
  assert.equal(events.length, 1);
  return { event: new ICAL.Event(events[0]), secrecy: events[0].getFirstPropertyValue('class') };
}

test('from one phase to three, in German, without scripts, by keyboard', async () => {
  const requester = await person('de', 'de', { scripts: false, width: 320 }, onTelephone);
  const opened = await receipt(await captures(requester));
  const digits = opened.number.replaceAll(' ', '');
  await opens(requester, opened);
  await phase(requester, '1. Antrag', 'Wir sind am Zug');
  await requester.look('11 received');

  const desk = await person('desk', 'fr', {}, onScreen);
  const act = acts(desk, desk.hand);
  await atDesk(desk.page, 'fr', officer);
  await desk.hand.press('nav a[href$="/desk/works"]');
  await desk.hand.type('#number', '12 3456 7890');
  await desk.hand.press('form:has(#number) button');
  await wrong(desk.page, 'number');
  await desk.look('1 list');
  await desk.hand.type('#number', opened.number);
  await desk.hand.press('form:has(#number) button');
  const file = desk.page.url();
  assert.match(await desk.page.locator('h1').innerText(), new RegExp(plain(opened.number).replaceAll(' ', '\\s')));
  await desk.look('2 received');
  await act('study');
  await done(desk);
  await phase(requester, '2. Studie', 'Wir sind am Zug');
  await act('draw');
  await phase(requester, '3. Angebot', 'Wir sind am Zug');
  await act('offer', () => desk.hand.type('#offer-line-b', '312,005'));
  assert.equal(await desk.page.locator('main [aria-invalid=true]').count(), 5, 'an offer without its lines left');
  await desk.look('3 offer refused');
  const comesTo = await act('offer', async () => {
    for (const [line, amount] of [['line-a', '0'], ['line-b', '312,00'], ['line-c', '184,00'], ['line-d', '48'], ['study', '0'], ['days', '20']]) {
      await desk.hand.type(`#offer-${line}`, amount);
    }
    assert.ok(await desk.page.locator('input[name=offer-vat][value="6"]').isChecked(), 'C.5: 6 % follow from the declaration');
  });
  await done(desk);
  assert.match(comesTo, /par courriel, et ne peut pas être reprise : 576,64 € au total, TVA 6 % comprise, acompte de 288,32 €/);

  await phase(requester, '3. Angebot', 'Sie sind am Zug');
  await requester.look('12 offered');
  const communication = /\+\+\+\d{3}\/\d{4}\/\d{5}\+\+\+/.exec(await requester.page.locator('main').innerText())[0];
  assert.equal(communication.replace(/\D/g, '').slice(0, 10), digits);
  const offer = execFileSync('pdftotext', ['-layout', kept('offer.pdf', await taken(requester, 'a[href*="offer.pdf"]')), '-'], { encoding: 'utf8' });
  for (const words of [opened.number, '312,00 €', '184,00 €', '48,00 €', 'MwSt. 6 %', '32,64 €', '576,64 €', '288,32 €', communication, 'BE68 5390 0754 7034', 'VERTRAULICH', 'Unterschrift']) {
    assert.ok(plain(offer).includes(words), `${words} does not stand in the PDF:\n${offer}`);
  }
  await requester.hand.press('a[href*="offer.html"]');
  await requester.look('13 offer');
  await onPaper(requester.page);
  await requester.page.setViewportSize({ width: 320, height: 640 });
  await requester.page.goBack();
  await requester.hand.press('form[action*="/accept"] button');
  await wrong(requester.page, 'agreed_by');
  await requester.hand.type('#agreed_by', 'Änne Schmitz');
  await requester.hand.press('form[action*="/accept"] button');
  await phase(requester, '3. Angebot', 'Überweisen Sie die Anzahlung');
  assert.match(plain(await requester.page.locator('main .note.turn').innerText()), /288,32 €.*\+\+\+/);
  await requester.look('14 agreed');

  const deposit = await bank({ number: '231', reference: 'deposit', communication, cents: 28_832 });
  assert.deepEqual([deposit.booked, deposit.deposits_covered, deposit.waiting], [1, 1, 0]);
  await phase(requester, '4. Vorbereitung', 'Wir sind am Zug');
  await desk.page.goto(file);
  await desk.look('4 preparing');
  await act('await', () => desk.hand.type('#await-reason', 'Bitte öffnen Sie den Graben bis zum Zählerkasten.'));
  await phase(requester, '4. Vorbereitung', 'Sie sind am Zug');
  await requester.look('15 awaiting');
  await act('resume');
  const plan = async (days, half) => act('plan', async () => {
    await desk.hand.date('#plan-day', brussels(days));
    await desk.hand.pick(`input[name=plan-half][value=${half}]`);
    await desk.hand.type('#plan-team', 'Verviers 3');
  });
  assert.match(await plan(sunday, 'afternoon'), /Le dimanche .* n’est pas un jour ouvrable\. Fixer ce jour quand même/);
  await done(desk);
  await phase(requester, '4. Vorbereitung', 'geplant');
  const first = await appointment(requester);
  await plan(sunday + 1, 'morning'); // it moves
  await done(desk);
  await desk.look('5 planned');
  await phase(requester, '4. Vorbereitung', 'geplant');
  await requester.look('16 planned');
  const { event, secrecy } = await appointment(requester);
  assert.deepEqual([event.uid, event.sequence > first.event.sequence, secrecy], [first.event.uid, true, 'CONFIDENTIAL'], 'a calendar would hold both days');
  const clock = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Brussels', dateStyle: 'short', timeStyle: 'short', hour12: false });
  assert.deepEqual([event.startDate, event.endDate].map((t) => clock.format(t.toJSDate())), [`${brussels(sunday + 1)}, 08:00`, `${brussels(sunday + 1)}, 12:00`]);
  assert.equal(event.summary, 'Einsatz: Von Einphasen- zu Dreiphasenstrom oder zurück');
  assert.match(event.location, new RegExp(site.town));
  assert.ok(plain(event.description).includes(opened.number));
  assert.ok(!JSON.stringify(event.component).includes(opened.code));

  await act('start');
  await phase(requester, '5. Arbeiten', 'Einsatz läuft');
  await act('carry-out', () => desk.hand.type('#carry-out-result', 'Dreiphasiger Zähler gesetzt, 3 × 400 V + N.'));
  await phase(requester, '6. Abschluss', 'ausgeführt');
  await act('put-in-service');
  await act('asset');
  const asset = await desk.page.locator('dl:below(h2:text("Registre technique"))').first().innerText();
  assert.ok(asset.includes(site.lives) && !asset.includes('Schmitz'), `W16, W17: ${asset}`);
  await act('invoice');
  await desk.look('6 in service');

  const balance = await bank({ number: '232', reference: 'balance', text: 'Restbetrag Zähler Schmitz', cents: 28_832 });
  assert.deepEqual([balance.booked, balance.waiting], [0, 1]);
  await desk.page.goto(`${portal.desk_url}/fr/desk/works`);
  await desk.hand.press('main a[href$="/desk/works/payments"]');
  await desk.hand.press('form[action$="/assign"] button');
  await wrong(desk.page, await desk.page.locator('form[action$="/assign"] input').first().getAttribute('id'));
  await desk.look('7 payments');
  await desk.hand.type('form[action$="/assign"] input', opened.number);
  await desk.hand.press('form[action$="/assign"] button');
  await done(desk);
  await desk.look('8 no payment waits');
  await desk.page.goto(file);
  await act('close');
  await desk.look('9 closed');

  await phase(requester, '', 'Ist alles in Ordnung');
  assert.match(plain(await requester.page.locator('main').innerText()), /Bereits eingegangen\s+576,64 €/);
  await requester.look('17 closed');
  await requester.hand.press('form[action*="/well"] button');
  await requester.look('18 well');
  await says(requester, 'reopen', 'Der Zähler summt seit gestern.', 'reopen_reason');
  await phase(requester, '6. Abschluss', 'Wir sind am Zug');
  await requester.look('19 reopened');
  await desk.page.goto(file);
  assert.match(await desk.page.locator('#steps').innerText(), /Der Zähler summt seit gestern/);
  await desk.look('10 reopened');
  await plan(sunday + 2, 'morning'); // the team comes back
  await done(desk);
  await phase(requester, '4. Vorbereitung', 'geplant');
  assert.equal(await requester.page.locator('form[action*="/cancel"]').count(), 0, 'what was carried out and paid is not called off');
  await requester.look('20 planned again');
  await act('start');
  await act('carry-out', () => desk.hand.type('#carry-out-result', 'Klemme nachgezogen.'));
  await done(desk);
  assert.match(plain(await desk.page.locator('main').innerText()), /3 × 400 V \+ N\. · Klemme nachgezogen\./);
  for (const closing of ['asset', 'invoice', 'close']) await act(closing);
  await act('reopen'); // in her name: she telephones
  await wrong(desk.page, 'reopen-reason');
  await act('reopen', () => desk.hand.type('#reopen-reason', 'Sie ruft an: Der Zähler summt noch.'));
  await done(desk);
  await desk.look('11 reopened in her name');
  await phase(requester, '6. Abschluss', 'Wir sind am Zug');
  assert.match(await requester.page.locator('main').innerText(), /Der Zähler summt noch/);

  await told(requester.page, opened);
  await requester.page.goto('data:text/html,<script>document.title = "on"</script>');
  assert.equal(await requester.page.title(), '', 'scripts ran');
  for (const { context, complaints } of [requester, desk]) {
    assert.deepEqual(complaints, []);
    await context.close();
  }
});

// told holds every mail of the way against what it must say: which request,
// what now, by when, and never the code again.
async function told(page, { number, code }) {
  const say = [
    [/Dreiphasenstrom/, /tippen Sie Nummer und Code ein/, /Wir lesen Ihren Antrag/],
    [/Unser Angebot ist fertig/, /bis einschließlich/, /576,64 €/, /\+\+\+/],
    [/überweisen Sie bis spätestens/, /288,32 €/, /\+\+\+/],
    [/Sie sind am Zug: Wir warten/, /steht die Frist still/],
    [new RegExp(`Sonntag, ${german(brussels(sunday))}, zwischen 13:00 und 17:00 Uhr`), /Seien Sie vor Ort/],
    [new RegExp(`Montag, ${german(brussels(sunday + 1))}, zwischen 8:00 und 12:00 Uhr`), /Seien Sie vor Ort/],
    [/Ist alles in Ordnung/],
    [new RegExp(`Dienstag, ${german(brussels(sunday + 2))}, zwischen 8:00 und 12:00 Uhr`), /Seien Sie vor Ort/],
    [/Ist alles in Ordnung/],
  ];
  const all = await mails(mail, say.length);
  for (const [i, m] of all.entries()) {
    kept(`mail-${i}.html`, m.html);
    kept(`mail-${i}.txt`, m.plain);
    const text = plain(m.plain);
    for (const words of [/VERTRAULICH/, new RegExp(number), new RegExp(`${portal.url}/de/works/lookup`), ...say[i]]) assert.match(text, words, `mail ${i}`);
    if (i > 0) assert.ok(!m.raw.includes(code) && !text.includes(code), 'D10: the code is told once');
    await validHTML(`mail ${i}`, m.html);
    await page.setContent(m.html);
    await fits(page);
    await picture(page, `works-mail-${i}`);
  }
}

await import('./works-acts.mjs'); // of the same portal, one after the other
