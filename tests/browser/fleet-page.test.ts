// Question: does the fleet page show what the real centre knows, in both languages, on a phone and without barriers; and does the page
// behind a box's QR code send the code to no server?
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Browser, Page } from 'playwright-core'
import {
  dropFolder,
  enrolmentSettings,
  makeFolder,
  startCentre,
  TestBox,
  until,
  type CentreUnderTest,
} from '../contract/centre/centre-parts.ts'
import { createUser } from '../../centre/cli/accounts.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import type { NewEnrolmentAnswer } from '../../protocols/desk/villages/enrolments.ts'
import { parseEnrolmentUrl } from '../../protocols/enrolment/enrolment-code.ts'
import { launchBrowser, pageFolder } from './pages.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const box = '320612104201-1'
const password = 'open sesame, please'
let folder: string
let running: CentreUnderTest
let browser: Browser
let token: string

beforeAll(async () => {
  pageFolder('desk')
  pageFolder('enrol')
  folder = makeFolder()
  running = await startCentre(folder, { config: { enrolment: await enrolmentSettings(folder) } })
  const options = {
    config: { dataDir: folder, storage: { url: 'sqlite:' } },
    clock: createSystemClock(),
    random: createSystemRandom(),
  }
  await createUser(options, { name: 'chief', role: 'admin', password })
  token = running.token('admin', 'chief')
  const [url = ''] = running.centre.uplinkUrls
  const one = await new TestBox(url, box).ready()
  const vitals = {
    version: '1.1.0',
    model: 'Pi 4',
    devices: [
      { id: 'door-1', name: '西门', presence: 'present', flatAtMs: Date.now() + 20 * 86_400_000 },
      { id: 'sos-1', presence: 'silent', quietMs: 9e6 },
    ],
    unheard: { count: 2, ofDevices: 9, devices: ['东门 (door-2)', 'door-3'] },
    cameras: [
      { id: 'cam-1', name: '桥头', zh: '无应答', en: 'no answer' },
      { id: 'cam-2', name: '路口', isFaulty: true, zh: '密码错误', en: 'wrong password' },
    ],
    findings: [{ code: 'unreadable', facts: { count: 3, topic: 'x/y', why: 'not JSON' } }],
  }
  const facts = {
    v: 1,
    epoch: 'abcd1234',
    lanes: {},
    boot: 1,
    sinceBootMs: 1,
    atMs: Date.now(),
    clock: 'synced',
  }
  const beat = Buffer.from(JSON.stringify({ ...facts, uptimeMs: 1, vitals }))
  await one.client.publishAsync(`up/${box}/heartbeat`, beat, { qos: 1 })
  await until(async () => (await (await running.get('/api/v1/fleet', token)).text()).includes('sos-1'))
  browser = await launchBrowser()
  await one.end()
}, 60_000)
afterAll(async () => {
  await browser?.close()
  await running?.centre.stop()
  dropFolder(folder)
})

async function open(
  path: string,
  {
    isSignedIn = false,
    ...choice
  }: { isSignedIn?: boolean; locale: string; viewport?: { width: number; height: number } },
): Promise<{ page: Page; complaints: string[]; asked: string[] }> {
  const context = await browser.newContext(choice)
  const page = await context.newPage()
  const complaints: string[] = []
  const asked: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (line) => {
    if (line.text().includes('Content Security Policy')) complaints.push(line.text())
  })
  page.on('request', (request) =>
    asked.push(
      `${request.method()} ${request.url()} ${request.postData() ?? ''} ${JSON.stringify(request.headers())}`,
    ),
  )
  if (isSignedIn) {
    await page.goto(running.centre.httpUrl)
    await page.fill('#user', 'chief')
    await page.fill('#password', password)
    await page.press('#password', 'Enter')
    await page.waitForSelector('.link.is-live')
    await page.evaluate(`location.hash = ${JSON.stringify(path.slice(1))}`)
  } else await page.goto(`${running.centre.httpUrl}${path}`)
  return { page, complaints, asked }
}

/** Serious barriers, and what is wider than the screen. */
async function faultsOf(page: Page): Promise<unknown[]> {
  await page.evaluate(axe)
  const found = (await page.evaluate(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).map(({ id, nodes }) => id + ' ' + nodes.map((n) => n.html.slice(0, 120)).join(' | ')))`,
  )) as unknown[]
  const wide = await page.evaluate(
    'document.documentElement.scrollWidth > document.documentElement.clientWidth + 1',
  )
  return [...found, ...(wide === true ? ['wider than the screen'] : [])]
}

const sizes = [
  ['zh-CN', { width: 1280, height: 800 }],
  ['en', { width: 360, height: 640 }],
] as const

test.each(sizes)(
  'shows what fails next and a work order with its visit: %s',
  async (locale, viewport) => {
    const { page, complaints } = await open('/#/fleet', { locale, viewport, isSignedIn: true })
    await page.waitForSelector('[data-fault=device-silent]')
    expect(await page.locator('.faults > li').count()).toBe(6)
    // What the box names with `gengfu check`, each with what to do.
    const named = {
      'devices-unheard': ['东门 (door-2)', locale === 'en' ? 'walk test' : '步行测试'],
      'camera-dead': ['桥头', locale === 'en' ? 'power, cable' : '网线'],
      'camera-faulty': ['路口', locale === 'en' ? 'do as the reason says' : '按所述原因处理'],
      unreadable: ['x/y', 'gengfu decode'],
    }
    for (const [code, words] of Object.entries(named)) {
      const text = await page.textContent(`[data-fault=${code}]`)
      for (const word of words) expect(text).toContain(word)
    }
    const battery = await page.textContent('[data-fault=battery-ends]')
    expect(battery).toContain(locale === 'en' ? 'will be flat in' : '的电池约在')
    const order = page.locator('[data-fault=device-silent] .order')
    if ((await order.count()) > 0) await order.click()
    await page.waitForSelector('[data-work]')
    await page.click('[data-fault=device-silent] button.quiet')
    await page.waitForSelector('.fleet-box :text("Pi 4")')
    expect(await faultsOf(page)).toEqual([])
    if (locale === 'en') {
      await page.fill('[data-work] input[id^=visit]', 'new battery')
      await page.check('[data-work] input[type=checkbox]')
      await page.click('[data-work] button[type=submit]')
      await page.waitForSelector('.visit:has-text("new battery")')
    }
    expect(complaints).toEqual([])
    await page.context().close()
  },
  60_000,
)

test('codes of a list become sheets with a QR code each, to print', async () => {
  const { page, complaints } = await open('/#/fleet', { locale: 'en', isSignedIn: true })
  await page.fill('[name=boxes]', 'lower-brook, 下河村, SN-1\nfar-brook')
  await page.click('[data-part=codes] button[type=submit]')
  await page.waitForSelector('[data-sheet=far-brook] .qr-code')
  expect(await page.textContent('[data-sheet=lower-brook]')).toContain('SN-1')
  await page.waitForSelector('[data-code-of=far-brook]')
  await page.emulateMedia({ media: 'print' })
  expect(await page.isVisible('[data-sheet=far-brook] .qr-code')).toBe(true)
  expect(await page.isVisible('[data-part=codes] form')).toBe(false)
  await page.emulateMedia({ media: 'screen' })
  expect(await faultsOf(page)).toEqual([])
  expect(complaints).toEqual([])
  await page.context().close()
}, 60_000)

test.each(sizes)(
  'the page of a QR code says what to do at the box, and its code leaves the device by no request: %s',
  async (locale, viewport) => {
    const made = await running.post('/api/v1/enrolments', token, { box: 'new-brook' })
    const { url, code } = (await made.json()) as NewEnrolmentAnswer
    const link = parseEnrolmentUrl(url)
    const hash = link.ok ? link.value.authority : ''
    const { page, complaints, asked } = await open(`/e#${code}.${hash}`, { locale, viewport })
    await page.waitForSelector('[data-code]')
    expect((await page.textContent('[data-code]'))?.trim()).toBe(code)
    expect(await page.textContent('[data-centre]')).toContain(running.centre.httpUrl)
    expect(await page.locator('.qr-code').count()).toBe(1)
    expect(await faultsOf(page)).toEqual([])
    await page.waitForTimeout(300)
    expect(asked.length).toBeGreaterThan(2)
    for (const request of asked) {
      expect(request.startsWith('GET ')).toBe(true)
      expect([
        request.includes(code),
        request.includes(hash),
        request.includes(code.replaceAll('-', '')),
      ]).toEqual([false, false, false])
    }
    await page.evaluate("location.hash = '#WRONG'")
    await page.waitForSelector('[role=alert]')
    expect(await page.locator('[data-code]').count()).toBe(0)
    expect(complaints).toEqual([])
    await page.context().close()
  },
  60_000,
)
