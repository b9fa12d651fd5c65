// Question: can the town's daily work be done on the desk's pages, at a real centre: a case from its list to a person sent, the
// roster, the hand-over of a shift by two people, a bulletin, the registry, ledgers and the monthly report?
import { afterAll, beforeAll, expect, test } from 'vitest'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { createUser } from '../../centre/cli/accounts.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import type { CasesAnswer } from '../../protocols/desk/cases.ts'
import { cutVillageList, villageList } from '../../protocols/uplink/village-list.ts'
import type { LogRecord } from '../../protocols/domain/record.ts'
import { dropFolder, makeAlarm, makeFolder, startCentre, TestBox } from '../contract/centre/centre-parts.ts'
import type { CentreUnderTest } from '../contract/centre/centre-parts.ts'
import { launchBrowser } from './pages.ts'

const password = 'correct horse battery'
const village = '320612104201'
/** `LOOK=folder` stores a picture of each page. */
const look = process.env['LOOK']
let folder: string
let running: CentreUnderTest
let browser: Browser
let box: TestBox
const pages = new Map<string, Page>()
const complaints: string[] = []

async function signIn(user: string): Promise<Page> {
  const context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1280, height: 900 } })
  const page = await context.newPage()
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (line) => {
    if (line.text().includes('Content Security Policy')) complaints.push(line.text())
  })
  await page.goto(running.centre.httpUrl)
  await page.fill('#user', user)
  await page.fill('#password', password)
  await page.press('#password', 'Enter')
  await page.waitForSelector('.link.is-live')
  return page
}
const at = (user: string): Page => {
  const page = pages.get(user)
  if (!page) throw new Error(user)
  return page
}
async function show(user: string, hash: string, wanted: string): Promise<Page> {
  const page = at(user)
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
  await page.waitForSelector(wanted)
  return page
}
async function picture(page: Page, name: string): Promise<void> {
  if (look === undefined) return
  if (!existsSync(look)) mkdirSync(look, { recursive: true })
  await page.screenshot({ path: join(look, `${name}.png`), fullPage: true })
}

beforeAll(async () => {
  folder = makeFolder()
  running = await startCentre(folder)
  const options = {
    config: { dataDir: folder, storage: { url: 'sqlite:' } },
    clock: createSystemClock(),
    random: createSystemRandom(),
  }
  for (const [name, role] of [
    ['li', 'operator'],
    ['wang', 'supervisor'],
    ['shen', 'auditor'],
  ] as const)
    await createUser(options, { name, role, password })
  box = await new TestBox(running.centre.uplinkUrls[0] ?? '', `${village}-1`).ready()
  const [part] = cutVillageList(
    '0123456789abcdef',
    [{ id: 'z-1', name: '王奶奶家', grade: 'key' }],
    [{ id: 'button-1', name: '床头按钮', kind: 'button', zone: 'z-1' }],
  )
  const list = {
    ...makeAlarm(1, 'raised'),
    type: 'log',
    what: villageList,
    facts: part,
  } as unknown as LogRecord
  await box.report('routine', 1, [list])
  const pressed = { zone: 'z-1', device: 'button-1', place: { zone: '王奶奶家' } }
  await box.report('red', 1, [makeAlarm(2, 'raised', pressed)])
  browser = await launchBrowser()
  for (const user of ['li', 'wang', 'shen']) pages.set(user, await signIn(user))
}, 80_000)
afterAll(async () => {
  await browser.close()
  await box.end()
  await running.centre.stop()
  dropFolder(folder)
})

test('the supervisor enters a grid keeper with consent and term; the number is shown by a press alone', async () => {
  const page = await show('wang', '#/people', '.add-person')
  await page.click('.add-person')
  await page.fill('[name=name]', '赵网格员')
  await page.fill('[name=villages]', village)
  await page.fill('[data-form=person] [name=phone]', '13800000000')
  await page.check('[name=agreed]')
  await page.click('[data-form=person] button[type=submit]')
  const person = page.locator('[data-person]')
  await person.waitFor()
  expect(await person.textContent()).not.toContain('13800000000')
  await person.locator('button').first().click()
  await page.waitForSelector('a[href="tel:13800000000"]')
  await picture(page, 'people')
})

test('the operator opens the case from the list, accepts it, sends the person on duty, and writes a note; the history says who was sent', async () => {
  const page = await show('li', '#/cases', '[data-case]')
  await picture(page, 'cases')
  await page.click('[data-case] a')
  await page.waitForSelector('[data-step=accept] button:not(:disabled)')
  await page.click('[data-step=accept] button')
  await page.waitForSelector('.case-state[data-state=accepted]')
  await page.click('[data-step=dispatch] button')
  await page.waitForSelector('[data-form=dispatch]')
  await page.locator('[data-form=dispatch]').getByText('赵网格员').first().click()
  expect(await page.inputValue('[data-form=dispatch] [name=to]')).toBe('赵网格员')
  await picture(page, 'case-dispatch')
  await page.click('[data-form=dispatch] button[type=submit]')
  await page.waitForSelector('.case-state[data-state=dispatched]')
  // The link of the person who was sent can be closed: afterwards the history alone has the name.
  await page.click('.case-links > button.quiet')
  // The other person sees what is written while it is written, and who works on it.
  const other = await show('wang', '#/cases', '[data-case]')
  await other.click('[data-case] a')
  await other.waitForSelector('[data-form=note]')
  await page.fill('[data-form=note] [name=note]', '已电话确认')
  await other.locator('[data-typing]', { hasText: '已电话确认' }).waitFor()
  expect(await other.textContent('[data-typing]')).toContain('li')
  await page.click('[data-form=note] button[type=submit]')
  await page.locator('.history').getByText('已电话确认').waitFor()
  await other.locator('[data-typing]').waitFor({ state: 'detached' })
  await show('wang', '#/people', '.add-person')
  expect(await page.textContent('.history')).toMatch(/派遣\s*li\s*赵网格员/)
  await picture(page, 'case')
})

test('the shift is handed over with two signatures, and the case goes with it', async () => {
  const li = await show('li', '#/people', '[data-form=shift]')
  await li.fill('[data-form=shift] [name=to]', 'wang')
  await li.fill('[data-form=shift] [name=text]', '王奶奶家等反馈')
  await li.click('[data-form=shift] button[type=submit]')
  await li.waitForSelector('[data-shift][data-state=offered]')
  // Only the next person can sign.
  expect(await li.locator('.sign').count()).toBe(0)
  const wang = at('wang')
  await wang.waitForSelector('.sign')
  await picture(wang, 'shift')
  // Until then the case stays with the first person.
  expect(await holders()).toEqual(['li'])
  await wang.click('.sign')
  await wang.waitForSelector('[data-shift][data-state=signed]')
  // The desk of the person who leaves shows the signature without a press.
  await li.waitForSelector('[data-shift][data-state=signed]')
  await show('wang', '#/cases', '[data-case]')
  expect(await wang.textContent('[data-case]')).toContain('wang')
  await wang.click('[data-case] a')
  await wang.locator('.history').getByText('li：王奶奶家等反馈').waitFor()
})

async function holders(): Promise<(string | undefined)[]> {
  const answer = await running.get('/api/v1/cases', running.token('supervisor', 'wang'))
  return ((await answer.json()) as CasesAnswer).cases.map(({ holder }) => holder)
}

test('a bulletin is sent after a second press, and lists each box with what became of it', async () => {
  const page = await show('wang', '#/bulletins', '[data-form=bulletin]')
  await page.fill('[name=bulletin-text]', '今晚大风，请关好门窗')
  await page.check(`[name=bulletin-village][value="${village}"]`)
  await page.click('[data-form=bulletin] button[type=submit]')
  await page.waitForSelector('.send-now')
  expect(await page.locator('[data-bulletin]').count()).toBe(0)
  await picture(page, 'bulletins')
  await page.click('.send-now')
  const sent = page.locator('[data-bulletin]', { hasText: '今晚大风，请关好门窗' })
  await sent.locator(`[data-box="${village}-1"]`).waitFor()
  expect(await sent.textContent()).toContain('wang')
  expect(await sent.textContent()).toMatch(/320612104201-1/)
})

test('the registry names the village, its box, zone by grade and devices', async () => {
  const page = await show('wang', '#/villages', '.open-registry')
  await page.click('.open-registry')
  const entry = page.locator(`[data-village="${village}"]`)
  await entry.locator('[data-device="button-1"]').waitFor()
  expect(await entry.textContent()).toMatch(/王奶奶家[\s\S]*床头按钮[\s\S]*紧急求助/)
  expect(await entry.textContent()).toContain('赵网格员')
  await picture(page, 'villages')
})

test('the auditor opens the monthly report and the ledgers with the own session; an operator is offered none', async () => {
  const page = await show('shen', '#/people', '[data-report=month-html]')
  await picture(page, 'reports')
  for (const [name, text] of [
    ['month-html', String(new Date().getFullYear())],
    ['cases-html', '赵网格员'],
    ['alarms-html', `${village}-1.sos-1`],
    ['daily-html', '零报告台账'],
  ] as const) {
    const [opened] = await Promise.all([page.waitForEvent('popup'), page.click(`[data-report=${name}]`)])
    await opened.waitForLoadState()
    expect([name, await opened.textContent('body')]).toEqual([name, expect.stringContaining(text)])
    expect(await opened.locator('table').count()).toBeGreaterThan(0)
    await picture(opened, name)
    await opened.close()
  }
  const rows = new Map<string, string>()
  for (const name of ['month', 'cases', 'alarms', 'daily']) {
    const href = await page.getAttribute(`[data-report=${name}-csv]`, 'href')
    const answer = await page.request.get(new URL(href ?? '', running.centre.httpUrl).href)
    expect([name, answer.status(), answer.headers()['content-type']]).toEqual([
      name,
      200,
      expect.stringContaining('text/csv'),
    ])
    rows.set(name, await answer.text())
  }
  expect(rows.get('cases')).toContain('赵网格员')
  const li = await show('li', '#/people', '[data-form=shift]')
  expect(await li.locator('[data-report]').count()).toBe(0)
  const refused = await li.request.get(
    `${running.centre.httpUrl}/api/v1/ledgers?kind=cases&as=csv&from=0&to=1`,
  )
  expect(refused.status()).toBe(403)
  expect(complaints).toEqual([])
})
