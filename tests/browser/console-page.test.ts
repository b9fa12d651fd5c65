// Question: does the person at the box see at a glance which parts are fine, which are not, and how old the data is?
import assert from 'node:assert/strict'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Browser, Page } from 'playwright-core'
import { FakeConsole, makeHealth } from './fake-console.ts'
import { launchBrowser, pageFolder } from './pages.ts'

let browser: Browser
let gateway: FakeConsole
/** One page for all tests: a context of its own for each would cost Chromium a window, which takes seconds. */
let page: Page
const complaints: string[] = []

beforeAll(async () => {
  browser = await launchBrowser()
  page = await (
    await browser.newContext({ locale: 'en-GB', viewport: { width: 360, height: 740 } })
  ).newPage()
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (line) => {
    if (line.text().includes('Content Security Policy')) complaints.push(line.text())
  })
}, 60_000)
afterAll(async () => {
  await browser.close()
})

beforeEach(async () => {
  gateway = new FakeConsole(pageFolder('console'), makeHealth())
  await page.goto(await gateway.start())
  await page.waitForSelector('.cards')
})
afterEach(async () => {
  await page.goto('about:blank')
  await gateway.stop()
  assert.deepEqual(complaints.splice(0), [])
})

/** The page asks at once when it comes back to the front. */
const askNow = (): Promise<unknown> => page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

test('shows box, link, lanes, alarms, devices and quarantine in words, without a wider page than the phone', async () => {
  expect(await page.textContent('h1')).toContain('上河村')
  expect(await page.textContent('.cards')).toContain('connected to the centre')
  expect(await page.textContent('[data-lane=routine] .waiting')).toContain('12')
  expect(await page.textContent('[data-lane=red] .waiting')).toContain('none')
  expect(await page.textContent('[data-alarm="1-9"]')).toContain('Device silent')
  expect(await page.textContent('[data-device=gauge-creek]')).toContain('silent')
  expect(await page.textContent('.guard .is-armed')).toMatch(/armed\s+祠堂\s*by desk li for 1 h/)
  expect(await page.textContent('.guard .is-bypassed')).toMatch(/bypassed\s+祠堂门\s*by li \d+ min .*left/)
  expect(await page.textContent('.guard .is-maintenance')).toMatch(/on test\s+the whole box\s*by fitter/)
  expect(await page.textContent('.quarantined code')).toBe('<script>alert(1)</s')
  expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
})

test('asks for a person when a red record has waited too long for its receipt', async () => {
  gateway.health = {
    ...makeHealth(),
    link: { state: 'waiting', forMs: 200_000, problem: { zh: '拒绝连接', en: 'connection refused' } },
    lanes: { ...makeHealth().lanes, red: { last: 13, receipted: 12, oldestWaitingMs: 190_000 } },
  }
  await askNow()
  await page.waitForSelector('[data-lane=red].is-act')
  expect(await page.textContent('.card.is-act')).toContain('connection refused')
})

test('says that the gateway is silent and how old the page is, and recovers by itself', async () => {
  gateway.isDown = true
  await askNow()
  await page.waitForSelector('.banner.is-lost')
  expect(await page.textContent('.banner.is-lost')).toContain('this is how it was')
  gateway.isDown = false
  await askNow()
  await page.waitForSelector('.banner.is-lost', { state: 'detached' })
})

test('switches to Chinese after a press and remembers it', async () => {
  await page.click('button:text("中文")')
  expect(await page.textContent('.cards')).toContain('已连接中心')
  await page.reload()
  await page.waitForSelector('.cards')
  expect(await page.getAttribute('html', 'lang')).toBe('zh-CN')
})

test('shows each camera with its plain reason, and takes a picture for a person who gives a name', async () => {
  expect(await page.textContent('[data-camera="cam-2"]')).toContain('the camera does not answer')
  const take = page.locator('[data-camera="cam-1"] button').first()
  expect(await take.isDisabled()).toBe(true)
  await page.fill('.who input', '李')
  gateway.cameraAnswer = { ok: false, reason: { code: 'slow', text: { zh: '摄像机太慢', en: 'too slow' } } }
  await take.click()
  await page.waitForSelector('[data-camera="cam-1"] .outcome')
  expect(await page.textContent('[data-camera="cam-1"] .outcome')).toContain('too slow')
  gateway.cameraAnswer = {
    ok: true,
    snapshot: { id: 'ab12cd34ab12cd34', width: 640, height: 360, bytes: 9000, source: 'http', answerMs: 120 },
  }
  await take.click()
  const image = await page.waitForSelector('[data-camera="cam-1"] img')
  expect(await image.getAttribute('src')).toBe('api/v1/snapshots/ab12cd34ab12cd34/full?who=%E6%9D%8E')
  expect(gateway.asked).toEqual(
    Array.from({ length: 2 }, () => ['/api/v1/cameras/cam-1/snapshot', '{"by":"李"}']),
  )
})

test('shows how each receiver outside is, its bytes without sending, and sends a test at the second press', async () => {
  const common = { type: 'webhook', takesDrills: false }
  gateway.outlets = [
    { ...common, name: 'police', label: '派出所', waiting: 3, trouble: '503 busy', lastWords: '503 busy' },
    { ...common, name: 'office', label: '村委会', waiting: 0 },
  ]
  await askNow()
  const police = '[data-outlet=police]'
  await page.waitForSelector(police)
  expect(await page.textContent(police)).toMatch(/派出所.*3 waiting.*fails: 503 busy/s)
  expect(await page.textContent('[data-outlet=office] [data-part=state]')).toContain('no trouble')
  await page.fill('.outlets .asks input', '李')
  gateway.cameraAnswer = { ok: true, bytes: 'POST <b>x</b>' }
  await page.click(`${police} [data-part=dry]`)
  await page.waitForSelector(`${police} pre`)
  expect(await page.textContent(`${police} pre`)).toBe('POST <b>x</b>')
  gateway.cameraAnswer = { ok: true, bytes: 'POST', state: 'handed-over', words: '200 OK' }
  await page.click(`${police} [data-part=send]`)
  expect(await page.textContent(`${police} [data-part=send]`)).toContain('Yes, send a test to 派出所')
  await page.click(`${police} [data-part=send]`)
  await page.waitForSelector(`${police} .outcome:has-text("taken: 200 OK")`)
  expect(gateway.asked).toEqual([
    ['/api/v1/outlets/police/test', '{"isDry":true,"by":"李"}'],
    ['/api/v1/outlets/police/test', '{"isDry":false,"by":"李"}'],
  ])
})

test('shows who knocks, and takes a device in with its kind, zone and name, in the name of the person', async () => {
  gateway.devices = {
    ...gateway.devices,
    knocking: [
      {
        address: '0x00158d0001abcd01',
        via: 'z2m',
        dialect: 'zigbee2mqtt',
        model: 'WXKG11LM',
        maker: 'Aqara',
        readings: ['button', 'batteryPercent'],
        commands: [],
        last: { batteryPercent: 90, note: '<b>x</b>' },
        kind: 'button',
        heardAgoMs: 5000,
      },
    ],
  }
  await askNow()
  const knock = '[data-knock="0x00158d0001abcd01"]'
  await page.waitForSelector(knock)
  expect(await page.textContent(knock)).toContain('Aqara WXKG11LM')
  expect(await page.textContent(`${knock} code`)).toContain('<b>x</b>')
  expect(await page.inputValue(`${knock} select`)).toBe('button')
  expect(await page.isDisabled(`${knock} form button`)).toBe(true)
  await page.fill('.knocking .asks input', '李')
  await page.selectOption(`${knock} label:nth-of-type(2) select`, 'wang')
  await page.fill(`${knock} form input`, '奶奶的按钮')
  gateway.cameraAnswer = { ok: true }
  await page.click(`${knock} form button`)
  await page.waitForSelector(`${knock} .outcome`)
  expect(gateway.asked).toEqual([
    [
      '/api/v1/devices/adopt',
      '{"by":"李","address":"0x00158d0001abcd01","kind":"button","zone":"wang","name":"奶奶的按钮"}',
    ],
  ])
  await page.click('[data-walk-test] form button')
  await page.waitForSelector('[data-walk-test] .outcome')
  expect(gateway.asked[1]).toEqual(['/api/v1/maintenance', '{"by":"李","zone":"box","minutes":30}'])
})

test('marks a call that the household calls off, in the name of the person, and shows a refused device with its reason', async () => {
  const [standing] = gateway.health.alarms.list
  assert.ok(standing)
  const call = { ...standing, id: '1-77', kind: 'sos' as const, colour: 'red' as const }
  gateway.health.alarms.list.push(call)
  const refused = { zh: '没有登记该设备', en: 'no device of that name is enrolled: enrol the device' }
  gateway.devices = {
    ...gateway.devices,
    knocking: [{ address: 'new-lamp', dialect: 'native', readings: [], commands: [], messages: 3, refused }],
  }
  await askNow()
  await page.waitForSelector('[data-alarm="1-77"] button')
  expect(await page.locator('[data-alarm="1-9"] button').count()).toBe(0)
  await page.click('[data-alarm="1-77"] button')
  await page.fill('[data-alarm="1-77"] form input', '王')
  await page.click('[data-alarm="1-77"] form button')
  await page.waitForSelector('[data-alarm="1-77"] .outcome')
  expect(gateway.asked).toEqual([['/api/v1/calloff', '{"alarm":"1-77","by":"王"}']])
  call.readings = { calledOff: true }
  await askNow()
  await page.waitForSelector('[data-alarm="1-77"] b.tag')
  expect(await page.textContent('[data-alarm="1-77"]')).toContain('household: by mistake')
  expect(await page.textContent('[data-knock="new-lamp"]')).toContain('enrol the device')
})

test('leaves a person where he is when the answer about the set-up comes late', async () => {
  gateway.me = { name: '李', role: 'installer' }
  await page.reload()
  await expect.poll(() => gateway.setupAsked.length, { timeout: 30_000 }).toBe(1)
  await page.click('.places a[href="#/walk"]')
  await page.waitForSelector('[data-begin]')
  const answered = page.waitForResponse((response) => response.url().endsWith('/api/v1/setup'))
  gateway.setupAsked.splice(0).forEach((answer) => answer())
  await (await answered).finished()
  await page.evaluate('new Promise((resolve) => setTimeout(resolve, 50))')
  expect(await page.evaluate('location.hash')).toBe('#/walk')
  // Who stays on the first page is led to the set-up.
  await page.evaluate("location.hash = ''")
  await page.reload()
  await expect.poll(() => gateway.setupAsked.length, { timeout: 30_000 }).toBe(1)
  gateway.setupAsked.splice(0).forEach((answer) => answer())
  await expect.poll(() => page.evaluate('location.hash'), { timeout: 30_000 }).toBe('#/setup')
})

test('asks again for the people and the listener while the box starts anew', async () => {
  gateway.me = { name: '李', role: 'installer' }
  const limits = {
    timeZone: 'Asia/Shanghai',
    batteryLowPercent: 20,
    batteryOkPercent: 25,
    linkLostAfterS: 180,
  }
  const lists = {
    versions: [],
    conflicts: [],
    changed: [],
    zones: [],
    devices: [],
    kinds: [],
    rules: [],
    cameras: [],
  }
  gateway.more.set('/api/v1/settings', { answer: { v: 1, version: 1, limits, ...lists }, starting: 0 })
  const people = [{ name: '王', role: 'maintainer' }]
  gateway.more.set('/api/v1/people', { answer: { people }, starting: 2 })
  const listeners = [{ host: '0.0.0.0', port: 18_830, isTls: false }]
  gateway.more.set('/api/v1/listener', { answer: { v: 1, who: 'village', listeners }, starting: 2 })
  await page.evaluate("location.hash = '#/settings'")
  await page.reload()
  await page.waitForSelector('[data-people] li:has-text("王")', { timeout: 30_000 })
  await page.waitForSelector('[data-listener]:has-text("0.0.0.0:18830")', { timeout: 30_000 })
  expect(await page.textContent('[data-people]')).toContain('王')
})
