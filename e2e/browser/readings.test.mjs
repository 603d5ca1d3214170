// A reading typed at the portal (D6, facts B.6): in four languages with the
// mistakes people make, by keyboard alone with every page judged and on a
// telephone without scripts; then out of the portal and back again, with what
// each household sees of it (must-show 6).
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { blames, byHand, close, enter, fits, guichet, judged, languages, listen, onPaper, portal, visit } from './lib.mjs';

after(close);

// Who reads a meter: with scripts, and without.
const readers = { fr: [0, 9], de: [2, 12], nl: [4, 11], en: [3, 1] };
const id = (register) => `index-${register}`;
const shown = (page) => page.locator('main table tbody tr').evaluateAll((all) => all.map((row) => row.innerText.replace(/\s+/g, ' ')));
const digits = (text) => text.replace(/\D/g, '');

// typed fills the form with what the meter shows, but for some registers.
async function typed(hand, shows, but = {}) {
  for (const [register, value] of Object.entries({ ...shows, ...but })) await hand.type(`#${id(register)}`, value);
}

async function walk(page, lang, hand, look, shows) {
  const registers = await page.locator('fieldset input').evaluateAll((all) => all.map((i) => i.id.slice(6)));
  const [first] = registers;
  const send = 'main form[action*="/readings/new"] button:not([name])';
  const kept = async (values) => assert.deepEqual(Object.fromEntries(await page.locator('fieldset input').evaluateAll((all) => all.map((i) => [i.id.slice(6), i.value]))), values, 'what was typed is lost');
  assert.deepEqual(registers.toSorted(), Object.keys(shows).toSorted(), 'not all registers of the meter on one page');
  await look('empty');

  const last = await page.locator('#date').inputValue();
  await hand.date('#date', '2020-01-31');
  await typed(hand, shows, { [first]: '12,5x' });
  await hand.press(send);
  await blames(page, 'date', id(first));
  assert.equal(await page.locator('#date').inputValue(), '2020-01-31', 'the day is lost');
  await kept({ ...shows, [first]: '12,5x' });
  await look('refused');

  await hand.date('#date', last);
  const far = String(Number(shows[first]) + 30_000);
  await hand.type(`#${id(first)}`, far);
  await hand.press(send);
  await blames(page, id(first));
  await kept({ ...shows, [first]: far });
  assert.equal((await shown(page)).length, 0, 'kept before the customer is sure');
  await look('unusual');

  const slip = String(Number(shows[first]) - 1); // taken, and corrected before it is sent
  await hand.type(`#${id(first)}`, slip);
  await hand.press(send);
  assert.equal(await page.locator('main [role=status]').count(), 1);
  assert.equal((await shown(page)).length, registers.length);
  await kept({ ...shows, [first]: slip });
  await look('saved');
  await hand.type(`#${id(first)}`, shows[first]);
  await hand.press(send);
  const now = await shown(page);
  assert.equal(now.length, registers.length, 'the slip stands beside its correction');
  assert.ok(now.some((row) => digits(row).includes(shows[first])), `${now}`);
  await look('corrected', true);
}

for (const lang of languages) {
  const to = async (options, n) => {
    const opened = await visit({ lang, ...options });
    await enter(opened.page, lang, portal.references[n]);
    return opened;
  };

  test(`a reading by keyboard alone ${lang}`, async () => {
    const { page, context } = await to({ bypassCSP: true }, readers[lang][0]);
    const sent = listen(page);
    const hand = byHand.keyboard(page);
    await hand.press('main a[href*="/readings/new"]');
    await walk(page, lang, hand, async (name, paper) => {
      await judged(`${lang} reading ${name}`, page, sent);
      if (paper) await onPaper(page);
    }, portal.references[readers[lang][0]].shows);
    await context.close();
  });

  test(`a reading on a telephone without scripts ${lang}`, async () => {
    const { page, context, complaints } = await to({ width: 320, scripts: false }, readers[lang][1]);
    const hand = byHand.mouse(page);
    await hand.press('main a[href*="/readings/new"]');
    await walk(page, lang, hand, () => fits(page), portal.references[readers[lang][1]].shows);
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

// answer writes what the validation service says of readings and imports it.
async function answer(...lines) {
  const file = join(portal.command.dir, 'answer.csv');
  writeFileSync(file, ['reading;status;value', ...lines.map((l) => l.join(';')), ''].join('\n'));
  return guichet('import', 'validations', file);
}

// exported gives the lines of a hand-over file as objects.
async function exported(...how) {
  const { file, readings } = JSON.parse(await guichet('export', 'readings', '--into', portal.command.dir, '--json', ...how));
  if (readings === 0) return [];
  const [head, ...lines] = readFileSync(join(portal.command.dir, file.split('/').pop()), 'utf8').replace(/^\ufeff/, '').trim().split(/\r?\n/).map((l) => l.split(';'));
  assert.equal(lines.length, readings);
  return lines.map((l) => Object.fromEntries(head.map((name, i) => [name, l[i]])));
}

test('D6 from the portal to the hand-over, and back to the page', async () => {
  const { page, context } = await visit();
  const look = (n) => page.goto(`${portal.url}/fr/readings/new?of=${n}`);
  const [plain, odd] = [portal.references[readers.fr[0]], portal.references[10]];
  const register = Object.keys(odd.shows).find((r) => r === 'offtake-peak');
  const hand = byHand.mouse(page);
  const send = (sure) => hand.press(`main form[action*="/readings/new"] button${sure ? '[name=sure]' : ':not([name])'}`);

  await enter(page, 'fr', plain);
  await look(1);
  await typed(hand, plain.shows, { [register]: String(Number(plain.shows[register]) - 1) });
  await send();
  await typed(hand, plain.shows);
  await send();
  await enter(page, 'fr', odd); // lower than the last: held by the rules, whatever its household says
  await look(2);
  await typed(hand, odd.shows, { [register]: '12' });
  await send();
  if (await page.locator('button[name=sure]').count()) await send(true);
  assert.equal(await page.locator('main [role=status]').count(), 1);
  const each = async (n, want) => {
    await look(n);
    const rows = await shown(page);
    assert.ok(rows.length > 0);
    for (const row of rows) assert.match(row, want);
  };
  await each(1, /Reçu$/);
  await each(2, /Reçu$/);

  const out = await exported();
  const of = (lines, r) => lines.filter((l) => l.ean === r.ean);
  assert.deepEqual(Object.fromEntries(of(out, plain).map((l) => [l.register, l.value])), plain.shows, 'the slip was handed over');
  for (const l of of(out, plain)) assert.deepEqual([l.check, l.by, l.round], ['validated', 'customer', '1']);
  assert.equal(of(out, odd).length, 0, 'L4: a held reading left');
  for (const lang of languages) {
    for (const r of readers[lang].map((n) => portal.references[n])) {
      assert.deepEqual(Object.fromEntries(of(out, r).map((l) => [l.register, l.value])), r.shows, `${lang}: not what was typed`);
    }
  }
  assert.deepEqual(await exported(), [], 'D6: handed over twice');
  await each(1, /Transmis$/);
  await each(2, /Reçu$/);

  await look(1); // a second thought after the hand-over: a person looks at it
  assert.equal(await page.locator('main p.note').count(), 1, 'nobody is told that the first has left');
  await typed(hand, plain.shows, { [register]: String(Number(plain.shows[register]) + 1) });
  await send();
  const waiting = await exported('--to-check');
  assert.deepEqual(new Set(of(waiting, plain).map((l) => l.round)), new Set(['2']));
  const held = of(waiting, odd);
  assert.equal(held.length, Object.keys(odd.shows).length, 'the whole meter waits for a person');
  assert.equal(held.find((l) => l.register === register).check, 'held');

  await answer(...of(out, plain).map((l) => [l.reading, 'validated', '']), ...held.filter((l) => l.check !== 'validated')
    .map((l) => (l.register === register ? [l.reading, 'corrected', odd.shows[register]] : [l.reading, 'validated', ''])));
  const rest = of(await exported(), odd); // nothing of the meter waits for a person any more
  assert.deepEqual(rest.map((l) => l.reading), held.filter((l) => l.check === 'validated').map((l) => l.reading));
  if (rest.length > 0) await answer(...rest.map((l) => [l.reading, 'validated', '']));
  await look(1);
  const tables = await page.locator('main table').evaluateAll((all) => all.map((t) => t.innerText));
  assert.equal(tables.length, 2, 'the first reading and its correction');
  assert.match(tables[0], /Reçu/);
  assert.ok(!/Validé/.test(tables[0]));
  assert.match(tables[1], /Validé/);
  await look(2);
  for (const row of await shown(page)) {
    assert.match(row, row.includes('vous aviez noté') ? new RegExp(`Corrigé ; vous aviez noté 12$`) : /Validé$/);
  }
  const corrected = (await shown(page)).filter((row) => row.includes('Corrigé'));
  assert.equal(corrected.length, 1);
  assert.ok(digits(corrected[0]).startsWith(odd.shows[register]), corrected[0]);
  await context.close();
});
