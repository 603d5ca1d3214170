// What a screen reader is told of a chart: Chromium's own accessibility tree,
// not our markup. Each value has one name, said once, that tells when, how much,
// how much of it at peak and what it was a year earlier, as the table's row has
// it; each drawing has its title and a sentence about it (must-show 4).
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { close, enter, languages, portal, visit } from './lib.mjs';

after(close);

// The words around a value's numbers, and what heads the table's columns.
const words = {
  fr: { say: (n) => ` : ${n} kWh`, peak: (n) => `, dont ${n} kWh en heures pleines`, all: [', tout en heures creuses', ', tout en heures pleines'], before: (n) => ` ; un an plus tôt ${n} kWh`,
    heads: { peak: 'Heures pleines, kWh', offpeak: 'Heures creuses, kWh', total: 'Total, kWh', injection: 'Injection, kWh', before: 'Un an plus tôt, kWh' } },
  de: { say: (n) => `: ${n} kWh`, peak: (n) => `, davon ${n} kWh in der Spitzenzeit`, all: [', alles in der Schwachlastzeit', ', alles in der Spitzenzeit'], before: (n) => `; ein Jahr zuvor ${n} kWh`,
    heads: { peak: 'Spitzenzeit, kWh', offpeak: 'Schwachlastzeit, kWh', total: 'Gesamt, kWh', injection: 'Einspeisung, kWh', before: 'Ein Jahr zuvor, kWh' } },
  nl: { say: (n) => `: ${n} kWh`, peak: (n) => `, waarvan ${n} kWh in piekuren`, all: [', alles in daluren', ', alles in piekuren'], before: (n) => `; een jaar eerder ${n} kWh`,
    heads: { peak: 'Piekuren, kWh', offpeak: 'Daluren, kWh', total: 'Totaal, kWh', injection: 'Injectie, kWh', before: 'Een jaar eerder, kWh' } },
  en: { say: (n) => `: ${n} kWh`, peak: (n) => `, of which ${n} kWh at peak`, all: [', all of it off-peak', ', all of it at peak'], before: (n) => `; a year earlier ${n} kWh`,
    heads: { peak: 'Peak, kWh', offpeak: 'Off-peak, kWh', total: 'Total, kWh', injection: 'Injection, kWh', before: 'A year earlier, kWh' } },
};

// tree gives what Chromium tells assistive technology of the page, in plain
// blanks and without soft hyphens.
async function tree(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  const by = new Map(nodes.map((n) => [n.nodeId, n]));
  const plain = (v) => (v?.value ?? '').replace(/[\u00a0\u202f]/g, ' ').replaceAll('\u00ad', '').trim();
  const told = (n) => ({ role: n.role.value, name: plain(n.name), description: plain(n.description),
    children: (n.childIds ?? []).map((id) => by.get(id)).filter(Boolean).flatMap((c) => (c.ignored ? told(c).children : [told(c)])) });
  return told(nodes[0]);
}

const all = (node, role) => [...(node.role === role ? [node] : []), ...node.children.flatMap((c) => all(c, role))];

// drawings are the charts with the table under them, as they are told.
async function drawings(page) {
  const main = all(await tree(page), 'main')[0];
  const figures = all(main, 'figure').map((figure) => {
    const [drawing, ...more] = all(figure, 'group').filter((g) => all(g, 'image').length > 0);
    assert.equal(more.length, 0, 'a drawing that is not shown is told');
    const caption = all(figure, 'Figcaption')[0].children.map((c) => c.name).join('');
    assert.equal(drawing.name, caption, 'the drawing has not its title for a name');
    const bars = all(drawing, 'image');
    for (const bar of bars) {
      assert.equal(bar.description, '', 'a value is read twice');
      assert.deepEqual(bar.children, [], 'pieces of the drawing are read behind the value');
    }
    assert.equal(new Set(bars.map((b) => b.name)).size, bars.length, 'two values have one name');
    const [, ...ends] = /^.+?\. \D+?: (.+), (\S+ \S+)\. \D+: (.+), (\S+ \S+)\.$/.exec(drawing.description) ?? [];
    for (const [when, amount] of [ends.slice(0, 2), ends.slice(2)]) {
      assert.ok(bars.some((b) => b.name.startsWith(when) && b.name.includes(amount)), `${drawing.description} tells of a value that is not drawn`);
    }
    return bars.map((b) => b.name);
  });
  const table = all(main, 'table')[0];
  assert.notEqual(table.name, '');
  const heads = all(table, 'columnheader').map((c) => c.name);
  const rows = all(table, 'row').filter((r) => all(r, 'rowheader').length > 0).map((r) => {
    const cells = r.children.filter((c) => ['rowheader', 'cell', 'gridcell'].includes(c.role)).map((c) => c.name);
    assert.equal(cells.length, heads.length);
    return cells;
  });
  return { figures, rows, at: (head) => heads.indexOf(head) };
}

const households = [['peak and off-peak', 2], ['sun and hours', 3]];

for (const lang of languages) {
  test(`names of values ${lang}`, async (t) => {
    const { say, peak, all: whole, before, heads } = words[lang];
    // A band that does not count has a dash in the table and no amount in the name.
    const bands = (on, off) => (on === '–' ? whole[0] : off === '–' ? whole[1] : peak(on));
    const { page, context } = await visit({ lang });
    for (const [what, n] of households) {
      await enter(page, lang, portal.references[n]);
      for (const grain of n === 3 ? ['month', 'hour', 'quarter'] : ['month', 'day']) {
        await t.test(`${what}, ${grain}`, async () => {
          await page.goto(`${portal.url}/${lang}/consumption?grain=${grain}`);
          const wide = await drawings(page);
          const cell = (row, head) => row[wide.at(head)];
          assert.equal(wide.figures.length, n === 3 ? 2 : 1, 'off-take, and injection where there is any');
          for (const [i, names] of wide.figures.entries()) {
            assert.equal(names.length, wide.rows.length);
            for (const name of names) {
              const row = wide.rows.find((r) => name.startsWith(r[0]) && /^( ?: |;)/.test(name.slice(r[0].length)));
              assert.ok(row, `${name}: no row of the table tells the same`);
              if (!/\d/.test(cell(row, heads.total))) continue; // a gap is told in words
              const want = i === 0 ? row[0] + say(cell(row, heads.total)) + bands(cell(row, heads.peak), cell(row, heads.offpeak)) : row[0] + say(cell(row, heads.injection));
              assert.ok(name.startsWith(want), `${name}, not ${want}`);
              const earlier = i === 0 ? cell(row, heads.before) : undefined;
              if (/\d/.test(earlier ?? '')) assert.ok(name.includes(before(earlier)), `${name}, not ${before(earlier)}`);
            }
          }
          await page.setViewportSize({ width: 320, height: 640 });
          assert.deepEqual((await drawings(page)).figures, wide.figures, 'a telephone tells something else');
          await page.setViewportSize({ width: 1180, height: 900 });
        });
      }
    }
    await context.close();
  });
}
