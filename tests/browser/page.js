// page.js PICTURES PAGE...: what a reader does with a report, see browser.py.  PICTURES "" : none are made.
'use strict';
const { chromium } = require('playwright-core');
const fs = require('fs');
const path = require('path');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const bad = [];

async function openPage(browser, file, options) {
  const page = await browser.newPage(options);
  const url = 'file://' + file;
  page.on('console', (m) => { if (m.type() === 'error' || m.type() === 'warning') { bad.push(`${file}: ${m.text()}`); } });
  page.on('pageerror', (e) => bad.push(`${file}: ${e}`));
  page.on('request', (r) => { if (r.url() !== url) { bad.push(`${file}: asks for ${r.url()}`); } });
  const start = Date.now();
  await page.goto(url, { waitUntil: 'load' });
  const took = Date.now() - start;
  if (took > 2000) { bad.push(`${file}: opens in ${took} ms`); }
  return page;
}

async function accessible(page, file) {
  // By the debugger's own way in, which a content security policy does not bind.
  await page.context().newCDPSession(page).then((s) => s.send('Page.setBypassCSP', { enabled: true }));
  await page.reload();
  await page.evaluate(axe);
  const result = await page.evaluate(() => window.axe.run());
  result.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .forEach((v) => bad.push(`${file}: axe: ${v.id}: ${v.nodes.slice(0, 2).map((n) => n.html.slice(0, 120)).join(' | ')}`));
}

const column = (page, n) => page.$$eval(`#table tbody tr:not(.hide) td:nth-child(${n})`, (cells) => cells.map((c) => c.textContent));

async function table(page, file) {
  if (!(await page.$('#table'))) { return; }
  const rows = (await column(page, 1)).length;
  const heads = await page.$$eval('#table th', (h) => h.map((x) => x.textContent.trim()));
  const sessions = 1 + Math.max(heads.indexOf('Sessions'), heads.indexOf('セッション'));
  if (sessions > 0) {
    await page.click(`#table th:nth-child(${sessions}) button`);
    const numbers = (await column(page, sessions)).map(Number);
    if (numbers.some((n, i) => i && n > numbers[i - 1])) { bad.push(`${file}: not sorted: ${numbers.slice(0, 9)}`); }
    await page.focus(`#table th:nth-child(${sessions}) button`);
    await page.keyboard.press('Enter');
    const again = (await column(page, sessions)).map(Number);
    if (again.some((n, i) => i && n < again[i - 1])) { bad.push(`${file}: the keyboard does not sort`); }
  }
  await page.fill('#filter-text', 'nothing holds this text');
  if ((await column(page, 1)).length !== 0) { bad.push(`${file}: the filter shows what does not fit`); }
  await page.fill('#filter-text', '');
  await page.selectOption('select[data-filter=fault]', 'client');
  const faults = await page.$$eval('#table tbody tr:not(.hide)', (r) => r.map((x) => x.getAttribute('data-fault')));
  if (faults.some((f) => f !== 'client')) { bad.push(`${file}: the filter of fault lets ${faults} pass`); }
  const articles = await page.$$eval('article:not(.hide)', (a) => a.length);
  if (articles !== faults.length) { bad.push(`${file}: ${articles} incidents for ${faults.length} rows`); }
  await page.selectOption('select[data-filter=fault]', '');
  if ((await column(page, 1)).length !== rows) { bad.push(`${file}: rows are lost`); }
}

async function folding(page, file) {
  if (!(await page.$('details'))) { return; }
  for (const [button, open] of [['#fold', false], ['#unfold', true]]) {
    await page.click(button);
    if (await page.$$eval('details', (d, want) => d.some((x) => x.open !== want), open)) { bad.push(`${file}: ${button} does not`); }
  }
}

(async () => {
  const [pictures, ...files] = process.argv.slice(2);
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  for (const file of files) {
    const name = path.basename(file, '.html');
    for (const [look, options] of [['light', { viewport: { width: 1200, height: 900 }, colorScheme: 'light' }],
      ['dark', { viewport: { width: 1200, height: 900 }, colorScheme: 'dark' }],
      ['narrow', { viewport: { width: 390, height: 800 }, colorScheme: 'light' }]]) {
      const page = await openPage(browser, file, options);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1);
      if (wide) { bad.push(`${file}: ${look}: the page is wider than the window`); }
      if (pictures) { await page.screenshot({ path: path.join(pictures, `${name}-${look}.png`), fullPage: !['many', 'samples'].includes(name), timeout: 90000 }); }
      if (look === 'light') { await table(page, file); await folding(page, file); }
      if (name !== 'many') { await accessible(page, `${name} ${look}`); }
      await page.close();
    }
    const page = await openPage(browser, file, {});
    if (name !== 'many') {
      const pdf = await page.pdf({ format: 'A4' });
      if (pdf.length < 5000) { bad.push(`${file}: prints nothing`); }
      if (pictures) { fs.writeFileSync(path.join(pictures, `${name}.pdf`), pdf); }
    }
    await page.close();
  }
  await browser.close();
  console.log(bad.slice(0, 30).join('\n'));
  console.log(`${files.length} pages, ${bad.length} complaints`);
  process.exit(bad.length ? 1 : 0);
})();
