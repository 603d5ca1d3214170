// The staff's pages in their two languages: what an agent sees from the door to
// an unlocked reference, each page judged like the public ones.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { atDesk, close, judged, knock, languages, listen, once, portal, taken, visit, wrongDigits } from './lib.mjs';

after(close);

async function block(reference) {
  for (let n = 1; n <= 3; n++) {
    const { page, context } = await visit({ scripts: false });
    await page.goto(`${portal.url}/fr/lookup`);
    await knock(page, reference, wrongDigits({ digits: String(Number(reference.digits) + n) }));
    await context.close();
  }
}

// questions are what the case's page asks, and what this caller knows of it,
// the strong ones first.
async function questions(page, reference) {
  const asked = await page.locator('form[action$="/check"] input[name^=answer-]').evaluateAll((all) => all.map((a) => a.name));
  const knows = portal.knows[reference.reference];
  const right = asked.filter((name) => knows[name]).slice(0, 2);
  return { wrong: asked.find((name) => !right.includes(name)), right: right.map((name) => [name, knows[name]]) };
}

async function answer(page, answers) {
  for (const [name, text] of answers) await page.locator(`form[action$="/check"] input[name=${name}]`).fill(text);
  await page.locator('form[action$="/check"] button').first().click();
  await page.waitForLoadState();
}

for (const lang of languages) {
  test(`an agent at work ${lang}`, async (t) => {
    const reference = taken();
    await block(reference);
    const { page, context } = await visit({ lang, bypassCSP: true });
    const sent = listen(page);
    const agent = portal.staff.find((s) => s.role === 'agent');
    const step = (name) => t.test(name, () => judged(`desk ${lang} ${name}`, page, sent, true));
    await page.goto(`${portal.desk_url}/${lang}/desk`);
    assert.equal(new URL(page.url()).pathname, `/${lang}/desk/sign-in`);
    await step('1 sign-in');
    await atDesk(page, lang, agent, 'not the password');
    assert.equal(await page.locator('[role=alert]').count(), 1);
    await step('2 refused');
    await new Promise((resolve) => setTimeout(resolve, 1100)); // a failure is waited out
    await atDesk(page, lang, agent);
    assert.equal(new URL(page.url()).pathname, `/${lang}/desk`);
    await step('3 list');
    await page.locator('form[action$="/find"] input[name=reference]').fill('12345678901234');
    await page.locator('form[action$="/find"] button').click();
    await page.waitForLoadState();
    await step('4 not found');
    await page.locator('form[action$="/find"] input[name=reference]').fill(reference.reference);
    await page.locator('form[action$="/find"] button').click();
    await page.waitForLoadState();
    await step('5 ground');
    await page.locator('form[action$="/open"] input[name=interaction]').fill('A1234');
    await page.locator('form[action$="/open"] button').first().click();
    await page.waitForLoadState();
    await step('6 case');
    const { wrong, right } = await questions(page, reference);
    assert.equal(right.length, 2, 'the caller knows too little');
    await answer(page, [[wrong, 'nobody knows']]);
    await step('7 a wrong answer');
    await answer(page, right);
    assert.equal(await page.locator('form[action$="/check"]').count(), 0, 'the caller check has not passed');
    assert.equal(await page.locator('form[action$="/unblock"] button').count(), 1);
    await step('8 a passed check');
    await page.locator('form[action$="/unblock"] button').click();
    await page.waitForLoadState();
    await step('9 unlocked');
    await page.goto(`${portal.desk_url}/${lang}/desk/gate`);
    await step('10 gate');
    await page.goto(`${portal.desk_url}/${lang}/desk/doors`);
    assert.equal(await page.locator('main form[action*="/doors/"]').count(), 0, 'an agent may turn switches');
    await step('11 doors for an agent');
    await context.close();
  });
}

for (const lang of languages) {
  test(`two officers at the doors ${lang}`, async (t) => {
    for (const [i, officer] of portal.staff.filter((s) => s.role === 'security').entries()) {
      const { page, context } = await visit({ lang, bypassCSP: true });
      const sent = listen(page);
      await atDesk(page, lang, officer);
      assert.equal(new URL(page.url()).pathname, `/${lang}/desk`);
      const step = (name) => t.test(name, () => judged(`desk ${lang} ${name}`, page, sent, true));
      const act = async (form, reason) => {
        const of = page.locator(`main form[action$="/doors/${form}"]`);
        await of.locator('select').selectOption('partners');
        await of.locator('input[name=reason]').fill(reason);
        await of.locator('button').click();
        await page.waitForLoadState();
      };
      await page.goto(`${portal.desk_url}/${lang}/desk/doors`);
      if (i === 0) {
        await step('12 doors');
        await act('close', '');
        assert.equal(await page.locator('main [aria-invalid=true]').count(), 1, 'closed without a reason');
        await step('13 doors without a reason');
        await act('close', 'somebody sweeps');
        await act('ask', 'all was checked');
        assert.equal(await page.locator('main form[action$="/doors/confirm"]').count(), 0, 'one officer may confirm alone');
        await step('14 doors asked');
      } else {
        await step('15 doors to confirm');
        await act('confirm', 'seen and checked');
        assert.equal(await page.locator('main .tag.stop').count(), 0, 'a door is still shut');
        await step('16 doors opened');
      }
      await context.close();
    }
  });
}

if (once) test('the desk needs no script and breaks no rule of its policy', async () => {
  for (const scripts of [true, false]) {
    const { page, context, complaints } = await visit({ lang: 'fr', scripts });
    await page.goto(`${portal.desk_url}/fr/desk/sign-in`);
    assert.equal(await page.locator('input[name=code]').count(), 1);
    assert.deepEqual(complaints, []);
    await context.close();
  }
});
