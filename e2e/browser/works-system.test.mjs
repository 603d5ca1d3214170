// A request whose phases and dates come from the operator's works system alone
// (D13): in German, on a telephone without scripts and by keyboard, its requester
// brings a paper, accepts, finds the day, and says that all is not well; at the
// desk in French the officer looks at what came, asks for what is missing, and is
// offered nothing that would move a phase or a date. What the works system says
// comes as files.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { acts, brussels, done, idle, kept, knocks, officer, onScreen, onTelephone, person, phase, plain, says } from './works-people.mjs';
import { atDesk, close, guichet, portal, wrong } from './lib.mjs';

after(close);

// tell imports what the works system says of one request, from now on.
let told = 0;
async function tell(line) {
  const since = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Brussels', dateStyle: 'short', timeStyle: 'medium' }).format(Date.now() + ++told * 1000);
  const all = { since, ...line };
  const file = kept(`phases-${told}.csv`, `${Object.keys(all).join(';')}\n${Object.values(all).join(';')}\n`);
  return JSON.parse(await guichet('import', 'works', '--json', file)).result;
}

// offered are the acts that the officer's page offers.
const offered = ({ page }) => page.locator('section[id^=act-]').evaluateAll((all) => all.map((s) => s.id.slice(4)));

test('the works system leads, people answer and review', async () => {
  const { number } = portal.works;
  const requester = await person('de led', 'de', { scripts: false, width: 320 }, onTelephone);
  const { page, hand, look } = requester;
  await page.goto(`${portal.url}/de/works/lookup`);
  await knocks(requester, portal.works);
  await phase(requester, '3. Angebot', 'Sie sind am Zug');
  await look('1 offered');

  const desk = await person('desk led', 'fr', {}, onScreen);
  const act = acts(desk, desk.hand);
  const list = `${portal.desk_url}/fr/desk/works`;
  const listed = async () => {
    await desk.page.goto(list);
    return plain(await desk.page.locator('main').innerText());
  };
  await atDesk(desk.page, 'fr', officer);
  assert.match(await listed(), /Aucune demande n’attend/);
  await desk.hand.type('#number', number);
  await desk.hand.press('form:has(#number) button');
  const file = desk.page.url();
  assert.match(plain(await desk.page.locator('main .lead').innerText()), /phases et dates viennent du système des travaux/);
  assert.deepEqual(await offered(desk), ['code']);
  await desk.look('1 offered');

  await hand.choose('#paper_kind', 'agreement');
  await page.locator('#document').setInputFiles({ name: 'ja.png', mimeType: 'image/png', buffer: await desk.page.screenshot() });
  await hand.press('form[action*="/papers"] button');
  await done(requester);
  await phase(requester, '3. Angebot', 'Sie sind am Zug');
  assert.match(await listed(), /offre envoyée\s*document à voir/, 'a paper woke nobody');
  await desk.look('2 list');
  await desk.hand.press(`#works a[href="${new URL(file).pathname}"]`);
  assert.deepEqual(await offered(desk), ['papers', 'code']);
  await desk.look('3 paper');
  await act('papers');
  await done(desk);
  assert.match(await listed(), /Aucune demande n’attend/);

  await hand.type('#agreed_by', 'Anna Schmitz');
  await hand.press('form[action*="/accept"] button');
  await phase(requester, '3. Angebot', 'Überweisen Sie die Anzahlung');
  assert.equal((await tell({ number, status: 'preparing', paid: '288,32', paid_at: brussels(0), team: 'Verviers 3' })).moved, 1);
  await phase(requester, '4. Vorbereitung', 'Wir sind am Zug');
  const day = idle(10) + 1;
  await tell({ number, status: 'planned', day: brussels(day), half: 'morning' });
  await phase(requester, '4. Vorbereitung', 'geplant');
  assert.equal(await page.locator('form[action*="/postpone"]').count(), 0);
  assert.match(await page.locator('main').innerText(), /Montag, [^]*Dieser Tag passt Ihnen nicht\? Rufen Sie/);
  await look('2 planned');
  await desk.page.goto(file);
  assert.match(plain(await desk.page.locator('main .lead').innerText()), /prévu le lundi .*, matin/);
  assert.deepEqual(await offered(desk), ['code']);
  await desk.look('4 planned');
  await assert.rejects(tell({ number, status: 'planned', day: brussels(day) }), /half/, 'half a day');

  await tell({ number, status: 'closed', result: 'Dreiphasig gesetzt', asset_at: brussels(0), invoiced_at: brussels(0) });
  await phase(requester, '', 'Ist alles in Ordnung');
  await says(requester, 'reopen', 'Der Zähler summt.', 'reopen_reason');
  await phase(requester, '6. Abschluss', 'Wir sind am Zug');
  await look('3 reopened');
  await desk.page.goto(file);
  assert.match(await desk.page.locator('#steps').innerText(), /Der Zähler summt/);
  assert.deepEqual(await offered(desk), ['code']);
  await desk.look('5 reopened');
  await tell({ number, status: 'planned', day: brussels(day + 1), half: 'afternoon' });
  await phase(requester, '4. Vorbereitung', 'geplant');
  assert.equal(await page.locator('form[action*="/cancel"]').count(), 0, 'what was carried out and paid is not called off');

  // One that began in the works system, and of which an officer finds that something is missing.
  const other = { external_id: 'OT-2026-00117', kind: 'two-rate', energy: 'electricity', requester: 'person', name: 'Odile Brumeclair', mail: 'odile@example.org', language: 'fr',
    channel: 'mail', street: portal.site.street, postcode: portal.site.postcode, town: portal.site.town, ean: portal.site.ean };
  assert.equal((await tell({ ...other, status: 'received' })).new, 1);
  await desk.page.goto(list);
  const begun = await desk.page.locator('#works tr', { hasText: 'Compteur bihoraire' }).locator('a').getAttribute('href');
  await desk.hand.press(`#works a[href="${begun}"]`);
  assert.deepEqual(await offered(desk), ['ask-missing', 'code']);
  await act('ask-missing');
  await wrong(desk.page, 'ask-missing-missing');
  await act('ask-missing', () => desk.hand.tick('input[name=ask-missing-missing-photo]'));
  await done(desk);
  assert.deepEqual(await offered(desk), ['complete', 'code']);
  await desk.look('6 asked');
  await act('complete');
  await wrong(desk.page, 'complete-papers');
  await act('complete', () => desk.hand.tick('input[name=complete-paper-photo]'));
  await done(desk);
  assert.deepEqual(await offered(desk), ['ask-missing', 'code']);
  await tell({ external_id: other.external_id, status: 'studied' });
  await desk.page.reload();
  assert.deepEqual(await offered(desk), ['code']);
  await desk.look('7 studied');
  for (const { context, complaints } of [requester, desk]) {
    assert.deepEqual(complaints, []);
    await context.close();
  }
});
