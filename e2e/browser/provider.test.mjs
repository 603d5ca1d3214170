// Staff who sign in at the company's provider: there and back between two
// sites, with the policy in force, by keyboard and without scripts.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { close, code, judge, listen, picture, portal, visit } from './lib.mjs';

after(close);

const agent = portal.staff.find((s) => s.role === 'agent');
const words = { fr: 'Se connecter avec le compte de l’entreprise', de: 'Mit dem Firmenkonto anmelden' };
const here = new URL(portal.desk_url);

// depart goes from the desk's door to the provider's page by keyboard alone.
async function depart(page, lang) {
  await page.goto(`${portal.desk_url}/${lang}/desk`);
  assert.equal(new URL(page.url()).pathname, `/${lang}/desk/sign-in`);
  assert.equal(await page.locator('main input').count(), 0, 'a local form');
  const button = page.getByRole('link', { name: words[lang] });
  for (let n = 0; n < 20 && !(await button.evaluate((b) => b === document.activeElement)); n++) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.pathname === '/login');
  assert.notEqual(new URL(page.url()).hostname, here.hostname, 'the provider must be another site');
}

async function prove(page, name, role) {
  await page.locator('input[name=username]').fill(name);
  await page.locator('input[name=role]').fill(role);
  await page.locator('button').click();
}

for (const [lang, scripts] of [['fr', true], ['de', false]]) {
  test(`T26 there and back, ${lang}, ${scripts ? 'with' : 'without'} scripts`, async () => {
    const { page, context, complaints } = await visit({ lang, scripts });
    await depart(page, lang);
    await prove(page, agent.login, 'agent');
    await page.waitForURL(`${portal.desk_url}/${lang}/desk`);
    assert.equal(await page.locator('form[action$="/find"]').count(), 1, 'the session came along');
    const cookies = Object.fromEntries((await context.cookies(portal.desk_url)).map((c) => [c.name, c]));
    assert.deepEqual(Object.keys(cookies), ['guichet-desk'], 'the way leaves no cookie behind');
    assert.equal(cookies['guichet-desk'].sameSite, 'Strict');
    await page.reload();
    assert.equal(new URL(page.url()).pathname, `/${lang}/desk`);
    await page.goBack();
    await page.waitForLoadState();
    assert.equal(new URL(page.url()).pathname, '/login', 'the address with the code stays in the history');
    await page.goto(`${portal.desk_url}/${lang}/desk`);
    await page.locator('form[action$="/sign-out"] button').click();
    await page.waitForURL(`**/${lang}/desk/sign-in`);
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

for (const lang of ['fr', 'de']) {
  test(`the pages of the way ${lang}`, async (t) => {
    const { page, context } = await visit({ lang, bypassCSP: true });
    const sent = listen(page);
    const step = (name) => t.test(name, async () => {
      await picture(page, `desk-provider-${lang}-${name.replaceAll(' ', '-')}`);
      await judge(`${lang} ${name}`, page, sent);
    });
    await page.goto(`${portal.desk_url}/${lang}/desk/sign-in`);
    await step('1 sign-in');
    await depart(page, lang);
    await prove(page, agent.login, 'security');
    await page.waitForURL(/callback/);
    assert.equal(await page.locator('[role=alert]').count(), 1, 'T26 another role is let in');
    await step('2 refused');
    await page.goto(`${portal.admin_url}/gallery/${lang}/desk-provider-in`);
    await step('3 signed in');
    await page.goto(`${portal.admin_url}/gallery/${lang}/desk-provider-wrong`);
    await step('4 provider down');
    await context.close();
  });
}

test('T26 the way of another browser leads nowhere', async () => {
  const hers = await visit();
  await depart(hers.page, 'fr');
  const at = new URL(hers.page.url());
  const next = async (url, how) => {
    const answer = await fetch(url, { redirect: 'manual', ...how });
    return new URL(answer.headers.get('location'), at.origin).href;
  };
  const proven = await next(`${at.origin}/login`, {
    method: 'POST', body: new URLSearchParams({ id: at.searchParams.get('id'), username: agent.login, role: 'agent' }),
  });
  const stolen = await next(proven);
  assert.match(stolen, /\/oidc\/callback\?.*code=/);
  const his = await visit();
  await his.page.goto(`${portal.desk_url}/fr/desk/sign-in`);
  await his.page.goto(stolen);
  assert.equal(await his.page.locator('[role=alert]').count(), 1);
  assert.deepEqual((await his.context.cookies()).map((c) => c.name), []);
  await hers.context.close();
  await his.context.close();
});

test('T26 local accounts are refused', async () => {
  const { page, context } = await visit();
  await page.goto(`${portal.desk_url}/fr/desk/sign-in`);
  const [answer] = await Promise.all([page.waitForNavigation(), page.evaluate((fields) => {
    const form = document.body.appendChild(document.createElement('form'));
    form.method = 'post';
    for (const [name, value] of Object.entries(fields)) Object.assign(form.appendChild(document.createElement('input')), { name, value });
    form.submit();
  }, { login: agent.login, password: agent.password, code: code(agent.otp_secret) })]);
  assert.equal(answer.status(), 422);
  assert.equal(await page.locator('main input').count(), 0);
  assert.deepEqual((await context.cookies()).map((c) => c.name), []);
  await context.close();
});
