// Question: does the button that `gengfu demo` names reach the desk that it names, red, with word and symbol, and can
// it be answered there, and again when it is pressed again?
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Browser } from 'playwright-core'
import { colourSigns } from '../../protocols/domain/colour.ts'
import type { AlarmsAnswer, DeskAlarm } from '../../protocols/desk/api.ts'
import { Program } from '../kits/system/programs.ts'
import { launchBrowser } from './pages.ts'

const run = promisify(execFile)

let folder: string
let browser: Browser
let demo: Program

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-press-'))
  demo = new Program(['demo', '--dir', join(folder, 'demo')])
  browser = await launchBrowser()
}, 60_000)
afterEach(async () => {
  await browser.close()
  await demo.end()
  rmSync(folder, { recursive: true, force: true })
}, 80_000)

/** The demo's output behind this label. */
async function printed(label: string): Promise<string> {
  const find = (): string | undefined => demo.errors.find((line) => line.startsWith(`${label} `))
  await expect.poll(find, { timeout: 100_000 }).toBeDefined()
  return find()?.slice(label.length + 1) ?? ''
}

test('shows the printed press on the printed desk as one red row, answered by a press, and again after the next one', async () => {
  const press = await printed('press')
  expect(press).toMatch(/^mosquitto_pub /)
  const url = await printed('desk')
  const token = await printed('token')
  const [user = '', password = ''] = (await printed('login')).split(' ')
  const ofButton = async (): Promise<DeskAlarm[]> => {
    const answer = await fetch(`${url}api/v1/alarms?state=all&limit=500`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const { alarms } = (await answer.json()) as AlarmsAnswer
    return alarms.filter(({ device }) => device === 'button-demo')
  }

  const page = await (await browser.newContext({ locale: 'zh-CN' })).newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(url)
  await page.fill('#user', user)
  await page.fill('#password', password)
  await page.press('#password', 'Enter')
  await page.waitForSelector('.link.is-live')
  expect(await ofButton()).toEqual([])

  await run('sh', ['-c', press])
  const row = page.locator('.alarm', { hasText: '王奶奶家 Granny Wang' })
  await row.waitFor()
  expect(await row.count()).toBe(1)
  expect(await row.getAttribute('class')).toContain('is-red')
  expect(await row.locator('.colour-sign .word').textContent()).toBe(colourSigns.red.zh)
  expect(await row.locator('.colour-sign .symbol').textContent()).toBe(colourSigns.red.symbol)
  // A person sees red, not a class name.
  const paint = await row.locator('.colour-sign').evaluate((sign) => {
    const view = globalThis as unknown as { getComputedStyle(of: unknown): { backgroundColor: string } }
    return view.getComputedStyle(sign).backgroundColor
  })
  const painted = paint.match(/\d+/g)?.map((text) => Number(text))
  expect(painted?.[0]).toBeGreaterThan(2 * Math.max(painted?.[1] ?? 255, painted?.[2] ?? 255))

  await row.locator('button.accept').click()
  await row.locator('.accepted', { hasText: `${user} 已接警` }).waitFor()
  await row.locator('button.accept').waitFor({ state: 'detached' })
  expect(await ofButton()).toMatchObject([
    { colour: 'red', occurrences: 1, stage: 'accepted', acceptedBy: user, needsAnswer: false },
  ])

  await run('sh', ['-c', press])
  await row.locator('button.accept', { hasText: '再次接警' }).waitFor()
  expect(await row.count()).toBe(1)
  expect(await row.textContent()).toContain('第 2 次')
  expect(await ofButton()).toMatchObject([
    { occurrences: 2, acceptedBy: user, needsAnswer: true, state: 'unacknowledged' },
  ])
  await row.locator('button.accept').click()
  await row.locator('button.accept').waitFor({ state: 'detached' })
  expect(await ofButton()).toMatchObject([{ occurrences: 2, needsAnswer: false }])

  // To its end with the printed logins alone: the page of the person who is sent reports, the supervisor verifies and archives.
  const [operator, supervisor] = await Promise.all(
    demo.errors
      .filter((line) => line.startsWith('login '))
      .map((line) => signIn(url, line.split(' ').slice(1))),
  )
  const step = async (name: string, session: string | undefined, body: object = {}): Promise<AlarmStep> => {
    const [alarm] = await ofButton()
    const answer = await fetch(`${url}api/v1/alarms/${alarm?.id}/${name}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${session}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect([name, answer.status]).toEqual([name, 200])
    return (await answer.json()) as AlarmStep
  }
  const { links } = await step('dispatch', operator, { to: ['村医 doctor'], text: '' })
  const scene = await (await browser.newContext({ locale: 'zh-CN' })).newPage()
  await scene.goto(`${url}${links?.[0]?.path}`)
  await scene.waitForSelector('.colour-sign')
  // The sign of the colour can be read: it is not in the grey of the labels beside it.
  expect(await scene.evaluate("getComputedStyle(document.querySelector('.colour-sign')).color")).toBe(
    'rgb(255, 255, 255)',
  )
  await scene.click('.arrive')
  await scene.fill('[name=text]', '老人安好')
  await scene.selectOption('[name=outcome]', 'false-alarm')
  await scene.click('.done')
  await scene.waitForSelector('.state[data-state=done]')
  await step('verify', supervisor)
  expect((await step('archive', supervisor, { text: '误碰' })).case?.state).toBe('archived')
  expect(await ofButton()).toMatchObject([{ stage: 'closed' }])
  expect(complaints).toEqual([])
}, 180_000)

interface AlarmStep {
  case?: { state: string }
  links?: { path: string }[]
}

async function signIn(url: string, [user, password]: readonly string[]): Promise<string> {
  const answer = await fetch(`${url}api/v1/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user, password }),
  })
  return ((await answer.json()) as { token: string }).token
}
