// Who meets around a request for works, and what each can do: shared by the
// walks of one portal.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { byHand, captcha, fits, guichet, judge, judged, listen, picture, portal, visit, wrong } from './lib.mjs';

export const officer = portal.staff.find((s) => s.role === 'works');
export const plain = (text) => text.replace(/[\u00a0\u202f]/g, ' ').replace(/[\u2060\u200b]/g, '');

// kept leaves what a person would hold in their hands to whoever reviews the run.
export function kept(name, content) {
  const file = join(portal.out, 'works', name);
  mkdirSync(join(portal.out, 'works'), { recursive: true });
  writeFileSync(file, content);
  return file;
}

// mails waits until the mail server has n for an address.
export async function mails(to, n) {
  const all = await (await fetch(`${portal.town}/mails/${to}/${n}`)).json();
  assert.equal(all.length, n, all.map((m) => m.plain).join('\n---\n'));
  return all;
}

// taken gives the file that following a link hands over.
export async function taken({ page, hand }, selector) {
  const download = page.waitForEvent('download');
  await hand.press(selector, false);
  return readFileSync(await (await download).path());
}

// brussels is a day there, so many days from today.
export function brussels(days) {
  return new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Brussels', dateStyle: 'short' }).format(Date.now() + days * 86_400_000);
}
// idle is the next Sunday that lies so many days ahead or more: nobody works then.
export function idle(days) {
  while (new Date(brussels(days)).getUTCDay() !== 0) days++;
  return days;
}
export const german = (day) => new Intl.DateTimeFormat('de', { timeZone: 'UTC', dateStyle: 'long' }).format(new Date(day));

// person opens a browser with the look that judges what it shows.
export async function person(name, lang, options, look, hand = byHand.keyboard) {
  const { page, context, complaints } = await visit({ lang, bypassCSP: true, ...options });
  context.setDefaultTimeout(60_000);
  const sent = listen(page);
  return { page, context, complaints, lang, hand: hand(page), look: (what) => look(page, sent, `works ${name} ${what}`) };
}

export const onTelephone = async (page, sent, name) => {
  await page.locator('details').evaluateAll((all) => all.forEach((d) => d.setAttribute('open', '')));
  await judge(name, page, sent);
  await fits(page);
  await picture(page, name.replaceAll(' ', '-'));
};
export const onScreen = (page, sent, name) => judged(name, page, sent);

// phase asserts where the requester's page says that the request stands, and
// whose turn it is.
export async function phase({ page }, name, turn) {
  await page.goto(`${portal.url}/de/works/request`);
  assert.match(await page.locator('.phases').innerText(), /1. Antrag[^]*2. Studie[^]*3. Angebot[^]*4. Vorbereitung[^]*5. Arbeiten[^]*6. Abschluss/);
  assert.deepEqual(await page.locator('.phases [aria-current=step] b').allInnerTexts(), name ? [name] : []);
  assert.match(await page.locator('h1').innerText(), new RegExp(turn));
}

// knocks types number and code at the gate that the page shows.
export async function knocks({ page, hand }, { number, code }) {
  await hand.type('#number', number);
  await hand.type('#code', code);
  await hand.type('#captcha', await captcha(page));
  await hand.press('main form button[type=submit]:not([name])');
}

// says does one act that asks why: refused first, without a word where one is
// needed, with too many where none is; what was typed stays.
export async function says({ page, hand, look }, act, reason, field, needed = true) {
  const form = `form[action*="/${act}"]`;
  const shut = `details:not([open]):has(${form}) > summary`;
  if (await page.locator(shut).count()) await hand.press(shut, false);
  if (!needed) {
    await hand.type(`#${field}`, reason);
    await page.keyboard.insertText('x'.repeat(500));
  }
  await hand.press(`${form} button`);
  await wrong(page, field);
  assert.ok(needed || (await page.locator(`#${field}`).inputValue()).startsWith(reason), 'what was typed is lost');
  await look(`${act} refused`);
  await hand.type(`#${field}`, reason);
  const sure = `#${act}_sure input`; // what cannot be taken back
  if (await page.locator(sure).count()) {
    await hand.press(`${form} button`);
    await wrong(page, `${act}_sure`);
    assert.equal(await page.locator(`#${field}`).inputValue(), reason, 'what was typed is lost');
    await look(`${act} unsure`);
    await hand.tick(sure);
  }
  await hand.press(`${form} button`);
  await done({ page });
}

// acts lets the officer do one thing with the request: fill types what it needs.
// What is final, or speaks against a day, is asked first; the answer is its words.
export function acts({ page }, hand) {
  return async (act, fill = async () => {}) => {
    const form = `#act-${act} form`;
    const sure = `#${act}-sure input`;
    if (await page.locator(`#act-${act} details:not([open])`).count()) await hand.press(`#act-${act} summary`, false);
    await fill();
    await hand.press(`${form} button`);
    if (!await page.locator(`#${act}-sure-error`).count() || await page.locator(`${form} [aria-invalid=true]`).count()) return '';
    assert.equal(await page.locator(sure).isChecked(), false);
    const asked = plain(await page.locator(`#${act}-sure`).innerText());
    await hand.tick(sure);
    await hand.press(`${form} button`);
    return asked;
  };
}

export async function done({ page }) {
  assert.equal(await page.locator('main [role=status]').count(), 1, await page.locator('main').innerText());
}

export async function bank(told) {
  const answer = await fetch(`${portal.town}/coda`, { method: 'POST', body: JSON.stringify({ day: brussels(0), ...told }) });
  assert.ok(answer.ok, await answer.clone().text());
  const file = kept(`${told.reference}.cod`, Buffer.from(await answer.arrayBuffer()));
  return JSON.parse(await guichet('import', 'payments', '--json', file));
}
