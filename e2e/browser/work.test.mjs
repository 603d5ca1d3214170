// The gate's steps as a browser meets them: the proof of work is solved while
// the page stays alive, the form waits for it, and where it cannot be solved
// the way without scripts is open (G7, D18). The gallery shows a gate that asks.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import { close, portal, visit } from './lib.mjs';

after(close);

const gallery = (lang, name) => `${portal.admin_url}/gallery/${lang}/${name}`;
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const challengeOf = (page) => page.locator('form[data-challenge]').evaluate((form) => JSON.parse(form.dataset.challenge));
const solved = (page) => page.waitForFunction(() => document.querySelector('form').elements.altcha.value !== '');
const told = (page) => page.locator('[role=status]').textContent();

// harder puts a challenge of our own into the page before its script reads it;
// a number below 0 makes one that nothing solves.
const harder = (context, number, maxNumber) => {
  const salt = `harder?max=${maxNumber}&`;
  const challenge = number < 0 ? '0'.repeat(64) : sha256(salt + number);
  return context.addInitScript((text) => document.addEventListener('readystatechange', () => {
    if (document.readyState === 'interactive') document.querySelector('form').dataset.challenge = text;
  }), JSON.stringify({ algorithm: 'SHA-256', challenge, maxNumber, salt, signature: 'x' }));
};

const posted = (page) => page.waitForRequest((r) => r.method() === 'POST', { timeout: 60_000 }).then((r) => new URLSearchParams(r.postData()));

for (const name of ['gate-work', 'gate-step2', 'gate-step3']) {
  test(`T28 ${name} is solved by the browser`, async () => {
    const { page, context, complaints } = await visit();
    await page.goto(gallery('fr', name));
    await solved(page);
    const c = await challengeOf(page);
    const payload = JSON.parse(Buffer.from(await page.locator('input[name=altcha]').inputValue(), 'base64').toString());
    assert.deepEqual(payload, { algorithm: 'SHA-256', challenge: c.challenge, number: 4711, salt: c.salt, signature: c.signature });
    assert.equal(sha256(c.salt + payload.number), c.challenge);
    assert.equal(await told(page), 'Calcul terminé.');
    assert.ok(await page.locator('[role=status]').isVisible());
    assert.equal(await page.locator('#captcha2').count(), 0, 'a second captcha beside the work');
    const form = posted(page);
    await page.locator('main form button').first().click();
    assert.equal((await form).get('altcha'), Buffer.from(JSON.stringify(payload)).toString('base64'));
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

test('the page lives while it works, and the form waits', async () => {
  const { page, context } = await visit();
  await harder(context, 200_000, 300_000);
  await page.goto(gallery('fr', 'gate-step2'));
  await page.locator('#reference').pressSequentially('4821 0937');
  await page.evaluate(() => {
    window.turns = 0;
    const turn = () => { window.turns++; window.setTimeout(turn, 0); };
    turn();
  });
  await page.waitForFunction(() => window.turns > 20);
  assert.equal(await page.locator('input[name=altcha]').inputValue(), '', 'keys and timers had to wait for the work');
  assert.match(await told(page), /^Calcul en cours\u00a0: (0|25|50)\u00a0%$/);
  const form = posted(page);
  await page.locator('#reference').press('Enter');
  assert.match(await told(page), /part de lui-même/);
  const sent = await form;
  assert.equal(JSON.parse(Buffer.from(sent.get('altcha'), 'base64').toString()).number, 200_000);
  assert.equal(sent.get('reference'), '4821 0937');
  await context.close();
});

test('another picture does not wait for the work', async () => {
  const { page, context } = await visit();
  await harder(context, 299_000, 300_000);
  await page.goto(gallery('fr', 'gate-step2'));
  const form = posted(page);
  await page.locator('button[value=picture]').click();
  const sent = await form;
  assert.equal(sent.get('do'), 'picture');
  assert.equal(sent.get('altcha'), '');
  await context.close();
});

test('a browser that cannot solve it gets the way without scripts', async () => {
  for (const cannot of ['no WebCrypto', 'no answer']) {
    const { page, context } = await visit({ bypassCSP: true });
    if (cannot === 'no answer') await harder(context, -1, 30_000);
    else await context.addInitScript(() => Object.defineProperty(window.crypto, 'subtle', { value: undefined }));
    await page.goto(gallery('fr', 'gate-step2'));
    await page.locator('#captcha2').waitFor();
    assert.ok(!await page.locator('[role=status]').isVisible(), cannot);
    const form = posted(page);
    await page.locator('#captcha2').fill('123456');
    await page.locator('main form button').first().click();
    const sent = await form;
    assert.equal(sent.get('captcha2'), '123456', cannot);
    assert.equal(sent.get('captcha2_id'), 'fixture2', cannot);
    assert.equal(sent.get('altcha'), '', cannot);
    if (cannot === 'no WebCrypto') {
      await page.goto(gallery('fr', 'gate'));
      assert.ok(!await page.locator('button[value=work]').isVisible(), 'a choice that leads nowhere');
    }
    await context.close();
  }
});

test('work is offered where scripts run, and only there', async () => {
  for (const scripts of [true, false]) {
    const { page, context } = await visit({ scripts });
    await page.goto(gallery('fr', 'gate'));
    assert.equal(await page.locator('button[value=work]').isVisible(), scripts);
    assert.ok(await page.locator('button[value=sound]').isVisible());
    await page.goto(gallery('fr', 'gate-step2'));
    assert.equal(await page.locator('#captcha2').isVisible(), !scripts);
    await page.goto(gallery('fr', 'gate-work'));
    assert.equal(await page.locator('#altcha noscript p').isVisible(), !scripts);
    await context.close();
  }
});
