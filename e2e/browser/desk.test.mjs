// The staff's pages in their two languages: what an agent sees from the door to
// an unlocked reference, each page judged like the public ones.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { close, code, judge, knock, listen, picture, portal, taken, visit, wrongDigits } from './lib.mjs';

after(close);

async function block(reference) {
  for (let n = 1; n <= 3; n++) {
    const { page, context } = await visit({ scripts: false });
    await page.goto(`${portal.url}/fr/lookup`);
    await knock(page, reference, wrongDigits({ digits: String(Number(reference.digits) + n) }));
    await context.close();
  }
}

for (const [i, lang] of ['fr', 'de'].entries()) {
  test(`an agent at work ${lang}`, async (t) => {
    const reference = taken();
    await block(reference);
    const { page, context } = await visit({ lang, bypassCSP: true });
    const sent = listen(page);
    const agent = portal.staff.find((s) => s.role === 'agent');
    const signIn = async (password) => {
      await page.locator('input[name=login]').fill(agent.login);
      await page.locator('input[name=password]').fill(password);
      await page.locator('input[name=code]').fill(code(agent.otp_secret, Date.now() + i * 30_000)); // a code works once
      await page.locator('main form button[type=submit]').click();
      await page.waitForLoadState();
    };
    const step = (name) => t.test(name, async () => {
      await picture(page, `desk-${lang}-${name.replaceAll(' ', '-')}`);
      await judge(`${lang} ${name}`, page, sent);
    });
    await page.goto(`${portal.desk_url}/${lang}/desk`);
    assert.equal(new URL(page.url()).pathname, `/${lang}/desk/sign-in`);
    await step('1 sign-in');
    await signIn('not the password');
    assert.equal(await page.locator('[role=alert]').count(), 1);
    await step('2 refused');
    await new Promise((resolve) => setTimeout(resolve, 1100)); // a failure is waited out
    await signIn(agent.password);
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
    await page.locator('form[action$="/check"] input[name^=answer-]').first().fill('01/1950');
    await page.locator('form[action$="/check"] button').first().click();
    await page.waitForLoadState();
    await step('7 a wrong answer');
    await context.close();
  });
}

test('the desk needs no script and breaks no rule of its policy', async () => {
  for (const scripts of [true, false]) {
    const { page, context, complaints } = await visit({ lang: 'fr', scripts });
    await page.goto(`${portal.desk_url}/fr/desk/sign-in`);
    assert.equal(await page.locator('input[name=code]').count(), 1);
    assert.deepEqual(complaints, []);
    await context.close();
  }
});
