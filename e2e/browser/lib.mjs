// What the browser tests share: the portal under test, browsers with an address
// of their own, and the checks every page must pass.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { HtmlValidate } from 'html-validate';

// portal is what browser_test.go started: url, desk_url, redis, references, staff,
// languages, out, and command to run the same program beside it.
export const portal = JSON.parse(process.env.E2E_PORTAL ?? 'null');
assert.ok(portal, 'run by go test ./e2e -run TestBrowser');

// languages are those this run is for; once tells whether it is the one that
// also does what has no language.
export const languages = portal.languages;
export const once = languages.includes('fr');
const axeText = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'));

// The one without windows does the same with half of the processor's time.
export const program = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
let running;

export async function browser() {
  assert.ok(program, 'no Chromium (Debian package chromium)');
  running ??= chromium.launch({
    timeout: 60_000,
    executablePath: program,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--proxy-bypass-list=<-loopback>'],
  });
  return running;
}

export async function close() {
  await (await running)?.close();
  (await axeServed)?.close();
  for (const door of doors) door.closeAllConnections(), door.close();
}

// A source of its own for each visitor: limits per source then count them apart.
const doors = [];
let drawn = 0;
async function doorFrom(address) {
  const door = createServer((from, to) => {
    const on = request(from.url, { method: from.method, headers: from.headers, localAddress: address, agent: false }, (answer) => {
      to.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(to);
    });
    on.on('error', () => to.destroy());
    from.pipe(on);
  });
  await new Promise((ready) => door.listen(0, '127.0.0.1', ready));
  doors.push(door);
  return `http://127.0.0.1:${door.address().port}`;
}

// still are the pages without scripts, each with the wire that can lend it some.
const still = new WeakMap();

// lent lets the checker's script run in a page that was drawn without any: what
// it judges is what stands there without the page's own.
async function lent(page, run) {
  const wire = still.get(page);
  if (!wire) return run();
  const off = (value) => wire.send('Emulation.setScriptExecutionDisabled', { value });
  await off(true);
  await off(false);
  return run().finally(() => off(true));
}

// visit opens a page of a new browser; complaints collects what the browser
// refused to do and what scripts threw.
export async function visit(options = {}) {
  drawn++;
  const server = await doorFrom(`127.200.${drawn >> 8}.${drawn & 255}`);
  const { scripts = true, width = 1180, lang = 'fr', ...more } = options;
  const context = await (await browser()).newContext({
    proxy: { server, bypass: '<-loopback>' }, javaScriptEnabled: scripts, locale: lang,
    viewport: { width, height: width < 500 ? 640 : 900 }, acceptDownloads: true, reducedMotion: 'reduce', ...more,
  });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  if (!scripts) still.set(page, await context.newCDPSession(page));
  const complaints = [];
  page.on('pageerror', (e) => complaints.push(String(e)));
  page.on('console', (m) => {
    if (m.type() === 'error' && !/status of (4|303)/.test(m.text())) complaints.push(m.text());
  });
  return { page, context, complaints };
}

// redis asks the portal's Redis one question.
function redis(...words) {
  const url = new URL(portal.redis);
  const ask = (...w) => `*${w.length}\r\n${w.map((x) => `$${Buffer.byteLength(x)}\r\n${x}\r\n`).join('')}`;
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname);
    let text = '';
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      text += chunk;
      const answer = /^\+OK\r\n(?:\$-1|\$\d+\r\n([^\r]*))\r\n$/.exec(text);
      if (answer) socket.end(), resolve(answer[1]);
    });
    socket.write(ask('SELECT', url.pathname.slice(1)) + ask(...words));
  });
}

export async function captcha(page, field = 'captcha') {
  const answer = await redis('GET', `guichet:captcha:${await page.locator(`input[name=${field}_id]`).inputValue()}`);
  assert.match(answer ?? '', /^\d{6}$/, 'no answer in Redis for the captcha on the page');
  return answer;
}

// fits asserts that a page is not wider than its window.
export async function fits(page) {
  const { wide, window } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth, window: document.documentElement.clientWidth,
  }));
  assert.ok(wide <= window, `${page.url()} is ${wide} px wide in a window of ${window} px`);
}

// picture keeps a screenshot of the whole page for whoever reviews the run and
// asked for pictures: they take a sixth of its time.
export async function picture(page, name) {
  if (!portal.picture) return;
  mkdirSync(join(portal.out, 'pages'), { recursive: true });
  // JPEG takes half of the time of PNG, and there are hundreds.
  await page.screenshot({ path: join(portal.out, 'pages', `${name}.jpg`), type: 'jpeg', quality: 80, fullPage: true });
}

// The checker has an address, under which the browser keeps it compiled: half a
// megabyte, hundreds of times.
let axeServed;
const serveAxe = () => new Promise((ready) => {
  const server = createServer((_, to) => to.writeHead(200, { 'content-type': 'text/javascript', 'cache-control': 'max-age=3600' }).end(axeText));
  server.listen(0, '127.0.0.1', () => ready(server));
});

// axe injects the checker, which the page's own policy would rightly refuse:
// only contexts made with bypassCSP can use it.
export async function axe(page) {
  axeServed ??= serveAxe();
  const url = `http://127.0.0.1:${(await axeServed).address().port}/axe.js`;
  const violations = await lent(page, async () => {
    await page.addScriptTag({ url });
    return page.evaluate(async () => (await globalThis.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'],
    })).violations); // what passes is half a megabyte, which nobody reads
  });
  const lines = violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${v.help}\n    ${n.html}\n    ${n.failureSummary.replace(/\n/g, ' ')}`));
  assert.ok(lines.length === 0, `axe-core on ${page.url()}\n  ${lines.join('\n  ')}`);
}

const validator = new HtmlValidate({
  extends: ['html-validate:recommended', 'html-validate:document'],
  rules: {
    'void-style': 'off', // HTML allows both hands
    'doctype-style': 'off',
    'long-title': 'off',
    'tel-non-breaking': 'off', // the number is set apart in its own element
    'no-trailing-whitespace': 'off',
    'require-sri': 'off', // all from the same origin
  },
});

// listen keeps the last page the server sent, to be read as it was sent.
export function listen(page) {
  const last = { get html() { return this.answer.text(); } };
  page.on('response', (r) => {
    const page = r.request().resourceType() === 'document' && Math.floor(r.status() / 100) !== 3;
    if (page && !r.headers()['content-disposition']) last.answer = r;
  });
  return last;
}

// judge holds a page against both, and its words against what a text that was
// put together wrongly shows.
export async function judge(name, page, sent) {
  assert.doesNotMatch(await page.locator('main').innerText(), /, ,|\. \.|\{\d|\bNaN\b|undefined/, `${name}: words`);
  await axe(page);
  await validHTML(name, await sent.html);
}

// judged is judge on a desk's screen, and a look whether a telephone does.
// Pictures are of the telephone, where pages break, and of both where asked.
export async function judged(name, page, sent, both = false) {
  const file = name.replaceAll(' ', '-');
  await judge(name, page, sent);
  if (both) await picture(page, file);
  await page.setViewportSize({ width: 320, height: 640 });
  await fits(page);
  await picture(page, `${file}-320`);
  await page.setViewportSize({ width: 1180, height: 900 });
}

// blames asserts that the fields with these ids, and no others, are wrong: each
// tells why in words tied to it, and the summary above leads there.
export async function blames(page, ...ids) {
  assert.deepEqual(await page.locator('main [aria-invalid=true]').evaluateAll((all) => all.map((f) => f.id)), ids);
  for (const id of ids) {
    const told = await page.locator(`#${id}`).evaluate((f) => f.getAttribute('aria-describedby').split(' ')
      .map((of) => document.getElementById(of)).filter((e) => e.matches('.wrong-text')).map((e) => e.textContent.trim()));
    assert.equal(told.length, 1, `${id} does not tell what is wrong`);
    assert.ok(told[0].length > 10, told[0]);
    assert.equal(await page.locator(`[role=alert] a[href="#${id}"]`).count(), 1, `the summary does not lead to ${id}`);
  }
}

// wrong asserts the same of questions that are more than one field.
export async function wrong(page, ...ids) {
  assert.deepEqual(await page.locator('[role=alert] a').evaluateAll((all) => all.map((a) => a.hash.slice(1))), ids);
  for (const id of ids) {
    const told = await page.locator(`#${id}-error`).innerText();
    assert.ok(told.length > 10, `${id} does not tell what is wrong`);
    assert.doesNotMatch(told, /^(.+) \1$/, `${id} tells it twice`);
  }
}

export async function validHTML(name, html) {
  const report = await validator.validateString(html);
  const lines = report.results.flatMap((r) => r.messages.map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`));
  assert.ok(lines.length === 0, `html-validate on ${name}\n  ${lines.join('\n  ')}`);
}

// knock fills the gate that the page shows and sends it.
export async function knock(page, reference, digits = reference.digits) {
  await page.locator('#reference').fill(reference.reference);
  await page.locator('#digits').fill(digits);
  await page.locator('#captcha').fill(await captcha(page));
  await page.locator('main form button[type=submit]:not([name])').click();
  await page.waitForLoadState();
}

export async function enter(page, lang, reference) {
  await page.goto(`${portal.url}/${lang}/lookup`);
  await knock(page, reference);
  assert.equal(new URL(page.url()).pathname, `/${lang}/consumption`);
}

// atDesk fills the desk's door.
export async function atDesk(page, lang, colleague, password = colleague.password) {
  await page.goto(`${portal.desk_url}/${lang}/desk/sign-in`);
  await page.locator('input[name=login]').fill(colleague.login);
  await page.locator('input[name=password]').fill(password);
  await page.locator('input[name=code]').fill(code(colleague.otp_secret));
  await page.locator('main form button[type=submit]').click();
  await page.waitForLoadState();
}

// signIn types who it is; of each person's one-time codes the nth is due.
export async function signIn(page, hand, { login, password, otp_secret: secret }, nth) {
  await hand.type('input[name=login]', login);
  await hand.type('input[name=password]', password);
  await hand.type('input[name=code]', code(secret, Date.now() + nth * 30_000));
  await hand.press('main form button[type=submit]');
}

// guichet runs a command of the program and gives what it says; it must succeed.
export function guichet(...args) {
  const { program, dir, env } = portal.command;
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd: dir, env }, (failed, out, told) => (failed ? reject(new Error(`guichet ${args.join(' ')}: ${told}`)) : resolve(out)));
  });
}

// tabTo presses Tab, or Shift+Tab where that is the shorter way, until what has
// the focus matches, and shows it.
export async function tabTo(page, selector, way) {
  const ahead = await page.evaluate((s) => {
    const stops = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, [tabindex="0"]')].filter((e) => e.checkVisibility());
    const ahead = stops.findIndex((e) => e.matches(s)) - stops.indexOf(document.activeElement);
    return ahead > stops.length / 2 ? ahead - stops.length : ahead;
  }, selector);
  const key = way ?? (ahead > 0 ? 'Tab' : 'Shift+Tab');
  // Most of the way nobody looks: each look is a question to the browser.
  for (let n = way ? 0 : Math.abs(ahead) - 3; n > 0; n--) await page.keyboard.press(key);
  for (let n = 0; n < 120; n++) {
    await page.keyboard.press(key);
    if (await page.evaluate((s) => document.activeElement?.matches(s), selector)) {
      const outline = await page.evaluate(() => {
        const s = getComputedStyle(document.activeElement);
        return s.outlineStyle !== 'none' || s.boxShadow !== 'none';
      });
      assert.ok(outline, `${selector} has the focus and does not show it`);
      return;
    }
  }
  assert.fail(`${selector} cannot be reached by ${key} on ${page.url()}`);
}

// byHand are the two ways of using a page: by keyboard alone, seeing where one
// is, or by pointing. press follows a link or sends a form; with stays it waits
// for no new page.
export const byHand = {
  keyboard: (page) => ({
    async press(selector, leads = true) {
      await tabTo(page, selector);
      await Promise.all([leads && page.waitForNavigation(), page.keyboard.press('Enter')]);
    },
    async type(selector, text) {
      await tabTo(page, selector);
      await page.keyboard.press('Control+A');
      await page.keyboard.press('Delete');
      await page.keyboard.type(text);
    },
    // A field for a day takes its parts in the order of the browser's language,
    // which is that of English in all of them here.
    async date(selector, day) {
      await tabTo(page, selector, 'Tab'); // backwards its calendar comes first
      const [year, month, of] = day.split('-');
      await page.keyboard.type(month + of + year);
      assert.equal(await page.locator(selector).inputValue(), day);
    },
    async tick(selector) {
      await tabTo(page, selector);
      await page.keyboard.press('Space');
    },
    // Buttons of one question are one stop; arrows go from one to the next.
    async pick(selector) {
      await tabTo(page, `input[name="${await page.locator(selector).getAttribute('name')}"]`, 'Tab');
      await page.keyboard.press('Space');
      for (let n = 0; n < 10 && !await page.locator(selector).isChecked(); n++) await page.keyboard.press('ArrowDown');
      assert.ok(await page.locator(selector).isChecked(), `${selector} cannot be picked by keyboard`);
    },
    async choose(selector, value) {
      await tabTo(page, selector);
      await page.keyboard.press('Home');
      for (let n = 0; n < 30 && await page.locator(selector).inputValue() !== value; n++) await page.keyboard.press('ArrowDown');
      assert.equal(await page.locator(selector).inputValue(), value, `${selector} cannot be chosen by keyboard`);
    },
  }),
  mouse: (page) => ({
    async press(selector, leads = true) {
      await Promise.all([leads && page.waitForNavigation(), page.locator(selector).first().click()]);
    },
    type: (selector, text) => page.locator(selector).fill(text),
    date: (selector, day) => page.locator(selector).fill(day),
    tick: (selector) => page.locator(selector).check(),
    pick: (selector) => page.locator(selector).check(),
    choose: (selector, value) => page.locator(selector).selectOption(value),
  }),
};

// onPaper asserts that what is printed has what is to be read, fits an A4 sheet
// and shows nothing that can only be pressed.
export async function onPaper(page) {
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: 680, height: 960 }); // 180 mm
  await fits(page);
  assert.ok(await page.locator('h1').isVisible());
  const pressed = await page.locator('button, input, select, .btn, nav').evaluateAll((all) => all.filter((e) => e.checkVisibility()).map((e) => e.outerHTML));
  assert.deepEqual(pressed, [], `printed of ${page.url()}`);
  await page.setViewportSize({ width: 1180, height: 900 });
  await page.emulateMedia({ media: null });
}

// code is a one-time code as an authenticator shows it (RFC 6238).
export function code(secret, at = Date.now()) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const hash = createHmac('sha1', key).update(step).digest();
  return String((hash.readUInt32BE(hash[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

// taken gives each caller another reference, as long as there are any.
let given = 0;
export const taken = () => portal.references[given++ % portal.references.length];
export const wrongDigits = (r) => String((Number(r.digits) + 1) % 10_000).padStart(4, '0');
