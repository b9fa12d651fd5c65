// Question: can the whole life of a red and of a yellow case be brought about by signing in, the public API and the page of the
// person who was sent, with limits kept and missed, over a link that breaks?
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Browser, Page } from 'playwright-core'
import { createUser } from '../../centre/cli/accounts.ts'
import type { AttachmentsAnswer } from '../../protocols/desk/attachments.ts'
import type { CaseAnswer } from '../../protocols/desk/cases.ts'
import type { LoginAnswer } from '../../protocols/desk/api.ts'
import { VirtualClock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import {
  dropFolder,
  makeAlarm,
  makeFolder,
  startCentre,
  TestBox,
  until,
} from '../contract/centre/centre-parts.ts'
import type { CentreUnderTest } from '../contract/centre/centre-parts.ts'
import { launchBrowser } from './pages.ts'

const password = 'correct horse battery'
const village = '320612104201'
const minuteMs = 60_000
let folder: string
let browser: Browser
let clock: VirtualClock
let running: CentreUnderTest
let box: TestBox
let [operator, supervisor] = ['', '']
const complaints: string[] = []

beforeAll(async () => {
  folder = makeFolder()
  clock = new VirtualClock()
  running = await startCentre(folder, { clock })
  box = await new TestBox(running.centre.uplinkUrls[0] ?? '', `${village}-1`).ready()
  const options = {
    config: { dataDir: folder, storage: { url: 'sqlite:' } },
    clock,
    random: createSystemRandom(),
  }
  for (const role of ['operator', 'supervisor'] as const)
    await createUser(options, { name: role, role, password })
  ;[operator, supervisor] = [await signIn('operator'), await signIn('supervisor')]
  browser = await launchBrowser()
}, 60_000)
afterAll(async () => {
  await browser.close()
  await box.end()
  await running.centre.stop()
  dropFolder(folder)
})

async function signIn(user: string): Promise<string> {
  const answer = await running.post('/api/v1/login', undefined, { user, password })
  return ((await answer.json()) as LoginAnswer).token
}

async function press(lane: 'red' | 'yellow', id: string): Promise<string> {
  const part =
    lane === 'red'
      ? {}
      : { kind: 'mains-lost' as const, colour: 'yellow' as const, latchedColour: 'yellow' as const }
  const place = { zone: '王奶奶家', text: '东路 3 号', phone: '13800000000' }
  await box.report(lane, 1, [makeAlarm(lane === 'red' ? 1 : 2, 'raised', { id, place, ...part })])
  return (
    await until(async () => {
      const found = await running.get(`/api/v1/alarms/${village}-1.${id}/case`, operator)
      return found.status === 200 && ((await found.json()) as CaseAnswer)
    })
  ).case.id
}
const step = (id: string, name: string, token: string, body: object = {}) =>
  running.post(`/api/v1/cases/${id}/${name}`, token, body)
const read = async (id: string) =>
  (await (await running.get(`/api/v1/cases/${id}`, operator)).json()) as CaseAnswer
const steps = async (id: string): Promise<string[]> =>
  ((await read(id)).history ?? []).map(({ what }) => what)

async function send(id: string, who: string): Promise<Page> {
  const answer = (await (
    await step(id, 'dispatch', operator, { to: [who], text: '钥匙在邻居家' })
  ).json()) as CaseAnswer
  const context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 360, height: 640 } })
  const page = await context.newPage()
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (line) => {
    if (line.text().includes('Content Security Policy')) complaints.push(line.text())
  })
  await page.goto(`${running.centre.httpUrl}/${answer.links?.[0]?.path}`)
  await page.waitForSelector('.state[data-state=sent]')
  return page
}
const state = (page: Page, name: string) => page.waitForSelector(`.state[data-state=${name}]`)

/** A JPEG that a browser can read: one grey point. */
const photo = Buffer.from(
  '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AN//Z',
  'base64',
)

test('a red case whose limits are missed: every lamp, the supervisor, the scene over a broken link, a second person, archived', async () => {
  const id = await press('red', 'sos-1')
  // Accept within 60 s: amber at 45, red at 60, the supervisor at 90.
  for (const [by, what] of [
    [46_000, 'deadline-amber'],
    [14_000, 'deadline-red'],
    [29_000, 'supervisor-called'],
  ] as const) {
    expect(await steps(id)).not.toContain(what)
    clock.advance(by)
    await until(async () => {
      // The clock of deadlines looks again after a moment.
      clock.advance(100)
      return (await steps(id)).includes(what)
    })
  }
  expect((await step(id, 'accept', operator)).status).toBe(200)
  expect((await step(id, 'report', operator, { to: 'county', text: 'sos' })).status).toBe(200)
  const page = await send(id, '李医生')
  expect(await page.textContent('.what')).toMatch(/王奶奶家[\s\S]*东路 3 号[\s\S]*钥匙在邻居家/)
  expect(await page.content()).not.toContain('13800000000')
  await page.click('.arrive')
  await state(page, 'arrived')
  await page.setInputFiles('[name=photo]', { name: 'door.jpg', mimeType: 'image/jpeg', buffer: photo })
  await page.waitForSelector('.photos')

  // No link: what is typed is kept on the phone, also over a reload, and goes by itself.
  await page.context().setOffline(true)
  await page.fill('[name=text]', '老人摔倒，已扶起')
  await page.selectOption('[name=outcome]', 'real')
  await page.click('.done')
  await page.waitForSelector('.waiting')
  expect((await read(id)).case.state).toBe('dispatched')
  await page.context().setOffline(false)
  await state(page, 'done')
  await page.reload()
  await state(page, 'done')
  expect(await page.locator('.waiting').count()).toBe(0)

  const { case: item } = await read(id)
  expect(item).toMatchObject({
    state: 'feedback',
    feedback: { who: 'link:李医生', text: '老人摔倒，已扶起', outcome: 'real' },
  })
  expect((await step(id, 'verify', operator)).status).toBe(409)
  expect((await step(id, 'verify', supervisor)).status).toBe(200)
  expect((await step(id, 'archive', supervisor, { text: '已处置' })).status).toBe(200)
  await page.reload()
  await state(page, 'over')
  const trail = await steps(id)
  expect(
    trail.filter((what) =>
      [
        'opened',
        'deadline-amber',
        'deadline-red',
        'supervisor-called',
        'accepted',
        'reported',
        'dispatched',
        'arrived',
        'attachment',
        'feedback',
        'verified',
        'archived',
      ].includes(what),
    ),
  ).toEqual(
    expect.arrayContaining([
      'opened',
      'deadline-amber',
      'deadline-red',
      'supervisor-called',
      'accepted',
      'reported',
      'dispatched',
      'arrived',
      'attachment',
      'feedback',
      'verified',
      'archived',
    ]),
  )
  for (const once of ['accepted', 'dispatched', 'arrived', 'attachment', 'feedback', 'verified', 'archived'])
    expect([once, trail.filter((what) => what === once).length]).toEqual([once, 1])
  const { attachments } = (await (
    await running.get(`/api/v1/cases/${id}/attachments`, operator)
  ).json()) as AttachmentsAnswer
  expect(attachments).toMatchObject([{ type: 'image/jpeg', who: 'link:李医生' }])
  expect(box.stages.map(({ stage }) => stage)).toEqual(
    expect.arrayContaining(['accepted', 'dispatched', 'closed']),
  )
}, 120_000)

test('a yellow case within its limits: one who can not go, another who reports, and no lamp', async () => {
  const id = await press('yellow', 'mains-1')
  clock.advance(5 * minuteMs)
  expect((await step(id, 'accept', operator)).status).toBe(200)
  const first = await send(id, '赵')
  await first.click('.cannot')
  await first.fill('[name=why]', '没有车')
  await first.click('[data-form=cannot] .primary')
  await state(first, 'cannot')
  expect((await read(id)).case).toMatchObject({ state: 'accepted', dispatches: [{ cannot: '没有车' }] })
  const second = await send(id, '钱')
  await second.click('.arrive')
  await state(second, 'arrived')
  await second.fill('[name=text]', '跳闸，已合上')
  await second.selectOption('[name=outcome]', 'real')
  await second.click('.done')
  await state(second, 'done')
  expect((await step(id, 'verify', supervisor)).status).toBe(200)
  expect((await step(id, 'archive', supervisor, { text: '已恢复' })).status).toBe(200)
  const trail = await steps(id)
  expect(trail.at(-1)).toBe('archived')
  expect(trail.filter((what) => what.startsWith('deadline') || what === 'supervisor-called')).toEqual([])
  expect(complaints).toEqual([])
}, 120_000)
