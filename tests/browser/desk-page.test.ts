// Question: does an operator see every alarm once, red first, answer it with one press, and notice when the page is
// disconnected?
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Browser, Page } from 'playwright-core'
import { colours } from '../../protocols/domain/colour.ts'
import { makeAlarm, makeVillages } from './desk-alarms.ts'
import { FakeCentre } from './fake-centre.ts'
import { launchBrowser, pageFolder } from './pages.ts'

const require = createRequire(import.meta.url)

let browser: Browser
let centre: FakeCentre
let url: string
/**
 * One page for all tests, read anew where a test needs another view: a new context costs Chromium a window, which takes
 * seconds, and a reload takes a tenth of one.
 */
let page: Page
/** The page is as a test without special needs left it. */
let isPlain = false
let opened = 0
const complaints: string[] = []

interface View {
  language?: 'zh' | 'en'
  viewport?: { width: number; height: number }
  colorScheme?: 'light' | 'dark'
}

beforeAll(async () => {
  browser = await launchBrowser()
  centre = new FakeCentre(pageFolder('desk'))
  url = await centre.start()
  page = await (await browser.newContext({ locale: 'en-GB' })).newPage()
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (line) => {
    if (line.text().includes('Content Security Policy')) complaints.push(line.text())
  })
}, 60_000)
afterAll(async () => {
  await browser.close()
  await centre.stop()
})

beforeEach(() => {
  centre.reset()
  centre.villages = makeVillages(Date.now())
})
afterEach(() => {
  assert.deepEqual(complaints.splice(0), [])
  assert.deepEqual(centre.problems, [])
})

/** As a browser that was never here, at the sign-in. */
async function open(view: View = {}): Promise<void> {
  isPlain = false
  if (page.url() === 'about:blank') await page.goto(url)
  const stored =
    view.language === undefined ? '' : `localStorage.setItem('gengfu.language', '${view.language}')`
  await page.evaluate(`localStorage.clear(); ${stored}`)
  await page.context().clearCookies()
  await page.setViewportSize(view.viewport ?? { width: 1280, height: 800 })
  await page.emulateMedia({ colorScheme: view.colorScheme ?? 'light' })
  // Another address, so that the page is loaded anew and not only moved to another hash.
  opened += 1
  await page.goto(`${url}?${opened}`)
}

/** The page has exactly the centre's present alarms. */
async function readAgain(): Promise<void> {
  centre.tell({ type: 'resync', position: '0' })
  const isFresh = async () => (await shownIds()).every((id) => centre.alarms.has(id))
  await expect.poll(isFresh, { timeout: 30_000 }).toBe(true)
}

/** Without a view the page as it is, on its queue, with exactly the centre's present alarms. */
async function openSignedIn(view?: View): Promise<void> {
  if (view === undefined && isPlain && (await page.locator('.link.is-live').count()) === 1) {
    await page.evaluate("location.hash = '#/queue'")
    await readAgain()
    return
  }
  await open(view)
  await page.fill('#user', 'wang')
  await page.fill('#password', 'open sesame')
  await page.press('#password', 'Enter')
  await page.waitForSelector('.link.is-live')
  isPlain = view === undefined
}

const now = (): number => centre.nowMs()
const row = (id: string): string => `[data-alarm="${id}"]`
const shownIds = (): Promise<string[]> =>
  page.evaluate("[...document.querySelectorAll('[data-alarm]')].map((row) => row.dataset.alarm)")

// First: in a page that was pressed before, the sound stays on after a reload.
test('hints that the sound is off until the first press', async () => {
  await open()
  await page.evaluate(
    "document.cookie = ''; fetch('api/v1/login', {method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify({user: 'wang', password: 'open sesame'})})",
  )
  await page.reload()
  await page.waitForSelector('.banner.is-sound')
  await page.click('.banner.is-sound button')
  await page.waitForSelector('.banner.is-sound', { state: 'detached' })
  expect(await page.locator('.bar').count()).toBe(1)
})

test('shows why signing in failed and admits no one', async () => {
  await open()
  await page.fill('#user', 'wang')
  await page.fill('#password', 'wrong')
  await page.press('#password', 'Enter')
  await page.waitForSelector('.problem')
  expect(await page.textContent('.problem')).toContain('The user or the password is wrong.')
  expect(await page.locator('.bar').count()).toBe(0)
})

test('puts the newest red on top, whatever comes after it, with word and symbol', async () => {
  await openSignedIn()
  const yellow = makeAlarm('yellow', 'mains-lost', now())
  const oldRed = makeAlarm('red', 'smoke', now(), { agoMs: 5000 })
  const red = makeAlarm('red', 'sos', now())
  const orange = makeAlarm('orange', 'water', now())
  for (const alarm of [yellow, oldRed, red, orange]) centre.put('raised', alarm)
  await page.waitForSelector(row(orange.id))
  expect(await shownIds()).toEqual([red.id, oldRed.id, orange.id, yellow.id])
  expect(await page.textContent(`${row(red.id)} .colour-sign`)).toMatch(/▲\s*red/)
  expect(await page.title()).toContain('(▲2/4)')
})

test('announces a new red to a screen reader', async () => {
  await openSignedIn()
  centre.put('raised', makeAlarm('red', 'gas', now()))
  await expect.poll(() => page.textContent('.announcer')).toContain('New red alarm: Gas')
})

test('accepts with one press, once, and shows who accepted', async () => {
  const red = makeAlarm('red', 'sos', Date.now())
  centre.alarms.set(red.id, red)
  await openSignedIn()
  await page.click(`${row(red.id)} .accept`)
  await page.waitForSelector(`${row(red.id)} .accepted:has-text("Accepted by wang")`)
  expect(await page.locator(`${row(red.id)} .accept`).count()).toBe(0)
  expect(centre.accepts).toEqual([red.id])
})

test('accepts the next waiting alarm from the keyboard alone', async () => {
  const red = makeAlarm('red', 'sos', Date.now())
  centre.alarms.set(red.id, red)
  await openSignedIn()
  await page.waitForSelector(row(red.id))
  await page.keyboard.press('n')
  await page.keyboard.press('Enter')
  await page.waitForSelector(`section.is-mine ${row(red.id)} .accepted`)
  expect(centre.accepts).toEqual([red.id])
  const focused = 'document.activeElement.dataset.alarm'
  await expect.poll(() => page.evaluate<string>(focused)).toBe(red.id)
})

test('shows who was faster when the centre answers 409', async () => {
  const red = makeAlarm('red', 'sos', Date.now())
  centre.alarms.set(red.id, red)
  await openSignedIn()
  centre.knobs.heldBy = 'Li'
  await page.click(`${row(red.id)} .accept`)
  // Shown at the place of the press: the row has not moved to another list yet.
  const note = await page.waitForSelector(`section.is-waiting ${row(red.id)} > .note`)
  expect(await note.textContent()).toContain('Li has accepted it already')
  expect(await page.textContent('section.is-waiting .count')).toBe('0')
})

test('asks for a second press when the row has only just slid under the finger', async () => {
  await openSignedIn()
  // Presses at the moment a row appears, like a finger that was on its way to another row.
  await page.evaluate(
    "new MutationObserver((_, me) => { const button = document.querySelector('.accept'); if (!button) return;" +
      "me.disconnect(); button.dispatchEvent(new MouseEvent('click', { bubbles: true, detail: 1 })) })" +
      '.observe(document.body, { childList: true, subtree: true })',
  )
  const red = makeAlarm('red', 'sos', now())
  centre.put('raised', red)
  await page.waitForSelector(`${row(red.id)} .note:has-text("press again")`)
  expect(centre.accepts).toEqual([])
  await page.click(`${row(red.id)} .accept`)
  await page.waitForSelector(`${row(red.id)} .accepted`)
})

test('reports as seen what is on the screen, once, and not what is below it', async () => {
  const alarms = Array.from({ length: 40 }, (_, index) =>
    makeAlarm('orange', 'water', Date.now(), { agoMs: index * 100 }),
  )
  for (const alarm of alarms) centre.alarms.set(alarm.id, alarm)
  await openSignedIn()
  await page.waitForSelector(row(alarms[39]?.id ?? ''), { state: 'attached' })
  await expect.poll(() => centre.seen.length, { timeout: 5000 }).toBeGreaterThan(2)
  await page.waitForTimeout(1200)
  expect(centre.seen).toContain(alarms[0]?.id)
  expect(centre.seen).not.toContain(alarms[39]?.id)
  expect(new Set(centre.seen).size).toBe(centre.seen.length)
})

test('does not report as seen while the page is hidden', async () => {
  await openSignedIn()
  await page.evaluate(
    "Object.defineProperty(document, 'visibilityState', { get: () => window.hiddenForTest ? 'hidden' : 'visible' });" +
      "window.hiddenForTest = true; document.dispatchEvent(new Event('visibilitychange'))",
  )
  const red = makeAlarm('red', 'sos', now())
  centre.put('raised', red)
  await page.waitForSelector(row(red.id))
  await page.waitForTimeout(1500)
  expect(centre.seen).toEqual([])
  await page.evaluate("window.hiddenForTest = false; document.dispatchEvent(new Event('visibilitychange'))")
  await expect.poll(() => centre.seen, { timeout: 4000 }).toEqual([red.id])
})

test('shows the loss of the centre, comes back by itself, and has missed and doubled nothing', async () => {
  const before = makeAlarm('red', 'sos', Date.now(), { agoMs: 9000 })
  const ended = makeAlarm('orange', 'leak', Date.now(), { agoMs: 9000 })
  for (const alarm of [before, ended]) centre.alarms.set(alarm.id, alarm)
  await openSignedIn()
  await page.waitForSelector(row(ended.id))
  centre.knobs.isDown = true
  centre.dropStreams()
  await page.waitForSelector('.banner.is-lost')
  expect(await page.title()).toContain('✕')
  const meanwhile = makeAlarm('red', 'smoke', now())
  centre.put('raised', meanwhile)
  centre.put('ended', { ...ended, state: 'normal' })
  centre.knobs.isDown = false
  await page.waitForSelector('.banner.is-lost', { state: 'detached' })
  expect(await shownIds()).toEqual([meanwhile.id, before.id])
})

test('finds a stream that is open and dead, by comparing with the list', async () => {
  await openSignedIn()
  const before = centre.streamsOpened
  centre.deafenStreams()
  const red = makeAlarm('red', 'sos', now())
  centre.put('raised', red)
  await page.waitForSelector(row(red.id), { timeout: 30_000 })
  expect(centre.streamsOpened).toBe(before + 1)
})

test('asks to sign in again when the session has ended', async () => {
  await openSignedIn()
  centre.endSessions()
  await page.waitForSelector('#user')
  expect(await page.locator('[data-alarm]').count()).toBe(0)
})

test('turns the lamp by the clock of the centre when this machine is an hour behind', async () => {
  centre.knobs.clockAheadMs = 3_600_000
  const fresh = makeAlarm('orange', 'sos', now(), { agoMs: 2000 })
  // An orange may wait three minutes: amber after 45 s, however slow this machine is.
  const due = makeAlarm('orange', 'gas', now(), { agoMs: 137_000 })
  const late = makeAlarm('red', 'smoke', now(), { agoMs: 65_000 })
  for (const alarm of [fresh, due, late]) centre.alarms.set(alarm.id, alarm)
  await openSignedIn({})
  await page.waitForSelector(`${row(fresh.id)} .lamp.is-in-time`)
  await page.waitForSelector(`${row(due.id)} .lamp.is-due`)
  expect(await page.textContent(`${row(late.id)} .lamp.is-overdue`)).toContain('overdue')
})

test('marks a drill, a gap and a silent box in words', async () => {
  const drill = makeAlarm('red', 'sos', Date.now(), { isDrill: true, readings: { calledOff: true } })
  centre.alarms.set(drill.id, drill)
  await openSignedIn()
  expect(await page.textContent(row(drill.id))).toContain('DRILL')
  expect(await page.textContent(row(drill.id))).toContain('household: by mistake')
  expect(await page.textContent('.strip')).toContain('3 records missing')
  centre.tell({ type: 'box.gap', position: '9', box: 'upper-brook', lane: 'routine', missing: [] })
  await page.waitForSelector('.gap', { state: 'detached' })
  const silent = page.locator('.box.is-silent')
  expect(await silent.textContent()).toContain('silent')
})

test('lets a maintainer watch and not accept', async () => {
  centre.knobs.role = 'maintainer'
  const red = makeAlarm('red', 'sos', Date.now())
  centre.alarms.set(red.id, red)
  await openSignedIn({})
  expect(await page.isDisabled(`${row(red.id)} .accept`)).toBe(true)
})

/** Rows of the bar, by the middles of what is visible in it. */
const barRows = (): Promise<number> =>
  page.evaluate<number>(
    `(() => {
      const middles = [...document.querySelectorAll('.bar > *')]
        .filter((part) => getComputedStyle(part).position !== 'absolute')
        .map((part) => part.getBoundingClientRect())
        .filter(({ width, height }) => width > 0 && height > 0)
        .map(({ top, bottom }) => (top + bottom) / 2)
        .sort((a, b) => a - b)
      return middles.filter((middle, at) => at === 0 || middle - middles[at - 1] > 15).length
    })()`,
  )

test('keeps every red on the page in a flood of 300, reads all pages, and fits a phone of 360 px', async () => {
  for (let index = 0; index < 300; index++) {
    const alarm = makeAlarm('yellow', 'device-silent', Date.now(), { agoMs: index * 1000 })
    centre.alarms.set(alarm.id, alarm)
  }
  await openSignedIn({ viewport: { width: 360, height: 740 }, language: 'zh' })
  await page.waitForSelector('.count:has-text("300")')
  const reds = Array.from({ length: 70 }, () => makeAlarm('red', 'sos', now()))
  for (const red of reds) centre.put('raised', red)
  await page.waitForSelector('.count:has-text("370")')
  const ids = new Set(await shownIds())
  expect(reds.every(({ id }) => ids.has(id))).toBe(true)
  expect(ids.size).toBeLessThan(300)
  expect(await barRows()).toBe(2)
  expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
}, 60_000)

test('asks before it sounds a siren, sends one command, and shows how far it is until it is done', async () => {
  const red = makeAlarm('red', 'fire', now(), { zone: 'square' })
  const duress = makeAlarm('red', 'sos', now(), { zone: 'square', variant: 'duress' })
  const held = makeAlarm('blue', 'device-silent', now(), { state: 'suppressed' })
  for (const alarm of [red, duress, held]) centre.alarms.set(alarm.id, alarm)
  await openSignedIn({ viewport: { width: 360, height: 740 } })
  // A siren would betray a silent call; a picture does not.
  expect(await page.locator(`${row(duress.id)} .siren-now`).count()).toBe(0)
  expect(await page.locator(`${row(duress.id)} .picture-now`).count()).toBe(1)
  await page.click(`${row(red.id)} .siren-now`)
  expect(await page.textContent(`${row(red.id)} .question`)).toContain('60 s')
  await page.click(`${row(red.id)} .ask .quiet`)
  expect(centre.commands).toEqual([])
  await page.click(`${row(red.id)} .siren-now`)
  await page.click(`${row(red.id)} .ask .sure`)
  await page.waitForSelector(`${row(red.id)} .asked.is-waiting`)
  expect(centre.commands).toMatchObject([{ do: 'siren', seconds: 60, alarm: red.id, box: red.box }])
  centre.moveCommand({ state: 'sent' })
  await page.waitForSelector(`${row(red.id)} .asked.is-sent`)
  centre.moveCommand({ state: 'done', reached: ['siren-1'], missed: ['siren-2'] })
  await page.waitForSelector(`${row(red.id)} .asked.is-done`)
  expect(await page.textContent(`${row(red.id)} .asked`)).toMatch(/done.*not reached: siren-2.*wang/)
  await page.click(`${row(red.id)} .picture-now`)
  await page.waitForSelector(`${row(red.id)} .asked.is-waiting`)
  expect(centre.commands).toHaveLength(2)
  // Sounding, with an alarm held back, and with the link lost: two rows, the rest is in the menu.
  await page.waitForSelector('.bar .silence')
  expect(await barRows()).toBe(2)
  await page.click('.more-pages summary')
  await page.waitForSelector('.more-pages .sign-out')
  await page.keyboard.press('Escape')
  expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
})

test('finds a box by a word, arms and disarms its village by role, and retires it with a reason, and says why a box refused', async () => {
  const box = '[data-box="upper-brook"]'
  await openSignedIn({ language: 'zh' })
  await page.click('nav a[href="#/villages"]')
  const guarded = '[data-box="320612104201-1"]'
  await page.waitForSelector(`${guarded} .details:has-text("布防 1/2")`)
  expect(await page.textContent(`${guarded} > .guard`)).toMatch(/已旁路\s+祠堂门 Hall door\s*操作人 zhao/)
  expect(await page.textContent(`${guarded} details .is-armed`)).toMatch(/已布防\s+祠堂 Hall\s*操作人 li/)
  await page.click(`${box} summary`)
  expect(await page.locator(`${box} .disarm-now`).count()).toBe(0)
  await page.click(`${box} .arm-now`)
  await page.click(`${box} .ask .sure`)
  await page.waitForSelector(`${box} .asked`)
  const reason = { code: 'not-allowed', zh: '网关的配置不允许', en: 'not let' }
  centre.moveCommand({ state: 'refused', reason })
  await page.waitForSelector(`${box} .asked.is-refused`)
  expect(await page.textContent(`${box} .asked`)).toMatch(/布防.*被拒绝.*网关的配置不允许/)
  centre.knobs.role = 'supervisor'
  await openSignedIn({})
  await page.keyboard.press('2')
  await page.click(`${box} summary`)
  await page.click(`${box} .disarm-now`)
  expect(await page.textContent(`${box} .question`)).toContain('Disarm')
  await page.click(`${box} .ask .sure`)
  await page.waitForSelector(`${box} .asked.is-waiting`)
  expect(centre.commands[0]).toMatchObject({ do: 'disarm', box: 'upper-brook' })

  const gone = '[data-box="320612104202-1"]'
  await page.fill('#find-box', '下河')
  expect(await page.locator('[data-box]').count()).toBe(1)
  await page.click(`${gone} .retire-now`)
  await page.keyboard.type('pulled down')
  await page.keyboard.press('Enter')
  await page.waitForSelector(gone, { state: 'detached' })
  expect(centre.retired).toEqual([{ box: '320612104202-1', why: 'pulled down' }])
})

test('puts person and place first, says when it came again, folds storms and silent boxes, keeps drills apart', async () => {
  const place = {
    zone: 'Granny Wang',
    household: '12',
    phone: '+86 138 0000 0000',
    sirens: [],
    utcOffsetMin: 480,
  }
  const red = makeAlarm('red', 'sos', now(), {
    place,
    variant: 'pressed',
    occurrences: 5,
    againReceivedAtMs: now() - 2000,
  })
  const duty = { box: 'upper-brook', boxName: 'Stone Bridge' }
  const storm = makeAlarm('yellow', 'storm', now(), { ...duty, device: 'upper-brook' })
  const folded = makeAlarm('yellow', 'mains-lost', now(), { ...duty, state: 'suppressed' })
  const drill = makeAlarm('red', 'sos', now(), { isDrill: true })
  const silent = Array.from({ length: 6 }, () => makeAlarm('orange', 'box-silent', now(), { agoMs: 400_000 }))
  for (const alarm of [red, storm, folded, drill, ...silent]) centre.alarms.set(alarm.id, alarm)
  await openSignedIn()
  const line = page.locator(row(red.id))
  expect(await line.locator('.place').textContent()).toBe('Granny Wang, No. 12')
  expect(await line.locator('.again').textContent()).toMatch(/^pressed again \d+ s ago, 5th$/)
  await line.locator('.open').click()
  expect(await line.locator('.phone').getAttribute('href')).toBe('tel:+8613800000000')
  // The box reports that there is no siren.
  expect(await line.locator('.siren-now').count()).toBe(0)
  expect(await page.locator('section.is-answered').count()).toBe(0)
  expect(await page.textContent(row(storm.id))).toContain('1 inside')
  await page.click(`${row(storm.id)} .open >> nth=0`)
  await page.waitForSelector(`${row(storm.id)} ${row(folded.id)}`)
  expect(await page.textContent('.is-silent-line .place')).toMatch(/^6 boxes silent since \d\d:\d\d$/)
  await page.click('.is-silent-line .accept')
  await expect.poll(() => centre.accepts).toHaveLength(6)
  await page.waitForSelector(`section.is-drills ${row(drill.id)}`)
  expect(await page.title()).toContain('(▲1/2)')
  expect(await page.locator('main > section').last().getAttribute('class')).toContain('is-drills')
})

test('warns a quarter of an hour before the session ends, stays on a press, and by itself while a red waits', async () => {
  centre.knobs.sessionLeftMs = 14 * 60_000
  await openSignedIn({})
  expect(await page.textContent('.banner.is-ending')).toMatch(/1[34]:\d\d/)
  centre.knobs.sessionLeftMs = 12 * 3_600_000
  await page.click('.banner.is-ending button')
  await page.waitForSelector('.banner.is-ending', { state: 'detached' })
  centre.knobs.sessionLeftMs = 14 * 60_000
  const red = makeAlarm('red', 'sos', now())
  centre.alarms.set(red.id, red)
  const before = centre.stays
  await openSignedIn({})
  await expect.poll(() => centre.stays, { timeout: 5000 }).toBeGreaterThan(before)
  centre.endSessions()
  await page.waitForSelector('.locked-out:has-text("1 red alarm waits")')
  expect(await page.title()).toContain('✕')
})

test('has nothing that hinders people who see, hear or press differently, on any page, in both languages and themes', async () => {
  const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
  for (const colour of colours)
    for (const more of [{}, { acceptedBy: 'wang', stage: 'accepted' as const }, { isDrill: true }]) {
      const alarm = makeAlarm(colour, 'sos', now(), { agoMs: 500_000, zone: 'z', ...more })
      centre.alarms.set(alarm.id, alarm)
    }
  const [first] = centre.alarms.keys()
  for (const [language, colorScheme, pagesOf] of [
    ['zh', 'light', (id: string) => ['#/queue', `#/alarm/${id}`]],
    ['en', 'dark', () => ['#/villages', '#/queue']],
  ] as const) {
    await openSignedIn({ language, colorScheme })
    await page.click('.is-waiting .open >> nth=0')
    for (const hash of pagesOf(first ?? '')) {
      await page.evaluate(`location.hash = '${hash}'`)
      await page.waitForSelector({ '#/queue': '.columns', '#/villages': '#find-box' }[hash] ?? '.sheet-title')
      const found = await page.evaluate<string[]>(
        `(async () => { ${axe}; const { violations } = await axe.run(document, { resultTypes: ['violations'] });
          return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
            .map(({ id, nodes }) => id + ' ' + nodes[0].target + ' ' + nodes[0].failureSummary) })()`,
      )
      expect([language, hash, found]).toEqual([language, hash, []])
    }
  }
}, 60_000)
