// What an officer does in a requester's name who telephones: the offer is
// declined, in German and by keyboard, from two windows of which one is old. Bad
// input comes first, nothing happens at one click, what was typed stays, and the
// old window does nothing more.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { done, knocks, officer, onScreen, onTelephone, person, phase, plain } from './works-people.mjs';
import { atDesk, close, portal, wrong } from './lib.mjs';

after(close);

test('an officer declines the offer in its requester’s name', async () => {
  const { number } = portal.works;
  const requester = await person('de named', 'de', { scripts: false, width: 320 }, onTelephone);
  await requester.page.goto(`${portal.url}/de/works/lookup`);
  await knocks(requester, portal.works);
  await phase(requester, '3. Angebot', 'Sie sind am Zug');

  const desk = await person('desk named', 'de', {}, onScreen);
  const { page, hand, look, context } = desk;
  await atDesk(page, 'de', officer);
  await page.goto(`${portal.desk_url}/de/desk/works`);
  await hand.type('#number', number);
  await hand.press('form:has(#number) button');
  const file = page.url();
  const old = await context.newPage(); // the other window, on which nothing is decided yet
  await old.goto(file);
  await old.locator('#act-cancel summary').click();
  await old.locator('#cancel-reason').fill('Am Telefon storniert.');
  await old.locator('#cancel-sure input').check();

  const form = '#act-decline form';
  await hand.press('#act-decline summary', false);
  await hand.press(`${form} button`);
  await wrong(page, 'decline-reason');
  const reason = 'Zu teuer, sagt sie am Telefon.';
  await hand.type('#decline-reason', reason);
  await hand.press(`${form} button`);
  await wrong(page, 'decline-sure');
  assert.equal(await page.locator('#decline-reason').inputValue(), reason, 'what was typed is lost');
  assert.match(plain(await page.locator('[role=alert]').innerText()), /Es ist nichts geschehen[^]*Der Antragsteller lehnt das Angebot ab/);
  await look('1 unsure');
  await phase(requester, '3. Angebot', 'Sie sind am Zug');
  await hand.tick('#decline-sure input');
  await hand.press(`${form} button`);
  await done(desk);
  await look('2 declined');
  assert.match(await page.locator('#steps').innerText(), new RegExp(`Angebot abgelehnt[^]*${officer.login}[^]*${reason}`));
  await phase(requester, '3. Angebot', 'storniert');
  assert.match(await requester.page.locator('main').innerText(), new RegExp(reason));
  await requester.look('1 declined');

  await old.locator('#act-cancel form button').click();
  assert.match(await old.locator('[role=alert]').innerText(), /inzwischen/, 'the old window did it again');
  await page.goto(file);
  assert.equal(await page.locator('#steps tbody tr').filter({ hasText: 'Angebot abgelehnt' }).count(), 1);
  assert.deepEqual(await page.locator('section[id^=act-]').count(), 0, 'what is over is over');
  for (const { context: c, complaints } of [requester, desk]) {
    assert.deepEqual(complaints, []);
    await c.close();
  }
});
