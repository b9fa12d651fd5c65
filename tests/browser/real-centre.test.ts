// Question: do the real centre and the real page agree, from a box's Report to the stage that goes back down, also when
// the centre is killed in between?
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Browser, Page } from 'playwright-core'
import { dropFolder, makeAlarm, makeFolder, TestBox } from '../contract/centre/centre-parts.ts'
import { freePort, Program, runCommand } from '../kits/system/programs.ts'
import { launchBrowser } from './pages.ts'

let folder: string
let browser: Browser
let centre: Program | undefined
const boxes: TestBox[] = []

beforeEach(async () => {
  folder = makeFolder()
  browser = await launchBrowser()
}, 60_000)
afterEach(async () => {
  for (const { client } of boxes.splice(0)) client.end(true)
  await browser.close()
  await centre?.end('SIGKILL')
  dropFolder(folder)
})

async function connectBox(url: string): Promise<TestBox> {
  const box = await new TestBox(url, 'upper-brook').ready()
  boxes.push(box)
  return box
}

test('shows a red once, reports it as seen and accepted to the box, and survives the death of the centre', async () => {
  const [http, uplink] = [await freePort(), await freePort()]
  const [config, passwordFile] = [join(folder, 'centre.yaml'), join(folder, 'password')]
  const listeners = [{ host: '127.0.0.1', port: uplink }]
  writeFileSync(
    config,
    JSON.stringify({
      dataDir: join(folder, 'data'),
      http: { host: '127.0.0.1', port: http },
      uplink: { listeners, anonymous: true },
      boxes: [{ id: 'upper-brook', name: '上河村' }],
    }),
  )
  writeFileSync(passwordFile, 'a long enough password')
  for (const name of ['wang', 'zhao'])
    await runCommand(
      `centre user add --role operator --name ${name}`
        .split(' ')
        .concat('--config', config, '--password-file', passwordFile),
    )
  const url = `mqtt://127.0.0.1:${uplink}`
  centre = new Program(['centre', '--config', config])
  await centre.said('centre is listening')

  const complaints: string[] = []
  const signIn = async (name: string): Promise<Page> => {
    const page = await (await browser.newContext({ locale: 'zh-CN' })).newPage()
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (line) => {
      if (line.text().includes('Content Security Policy')) complaints.push(line.text())
    })
    await page.goto(`http://127.0.0.1:${http}/`)
    await page.fill('#user', name)
    await page.fill('#password', readFileSync(passwordFile, 'utf8'))
    await page.press('#password', 'Enter')
    await page.waitForSelector('.link.is-live')
    return page
  }
  const page = await signIn('wang')

  const box = await connectBox(url)
  await box.report('red', 1, [makeAlarm(1, 'raised')])
  const red = '[data-alarm="upper-brook.sos-1"]'
  await page.waitForSelector(red)
  expect(await page.textContent(red)).toContain('上河村')
  await expect.poll(() => box.stages.map(({ stage }) => stage), { timeout: 8000 }).toContain('seen')
  await page.click(`${red} .accept`)
  await page.waitForSelector(`${red} .accepted:has-text("wang 已接警")`)
  await expect.poll(() => box.stages.map(({ stage }) => stage), { timeout: 8000 }).toContain('accepted')

  await centre.end('SIGKILL')
  await page.waitForSelector('.banner.is-lost')
  centre = new Program(['centre', '--config', config])
  await centre.said('centre is listening')
  const again = await connectBox(url)
  // The first one is sent again, as by a box that lost the Receipt; the second one is new.
  await again.report('red', 1, [
    makeAlarm(1, 'raised'),
    makeAlarm(2, 'raised', { id: 'fire-1', device: 'smoke-1', kind: 'smoke' }),
  ])
  await page.waitForSelector('.banner.is-lost', { state: 'detached' })
  await page.waitForSelector('[data-alarm="upper-brook.fire-1"] .accept')
  expect(await page.locator(red).count()).toBe(1)
  expect(await page.locator(`${red} .accepted`).count()).toBe(1)

  // One person takes the case to the feedback, another one to its end.
  await page.evaluate("location.hash = '#/alarm/upper-brook.sos-1'")
  const step = (name: string): string => `[data-step=${name}]`
  const stateOf = (desk: Page, state: string) => desk.waitForSelector(`.case-state[data-state=${state}]`)
  await stateOf(page, 'accepted')
  expect(await page.isDisabled(`${step('accept')} button`)).toBe(true)
  expect(await page.isDisabled(`${step('verify')} button`)).toBe(true)
  await page.click(`${step('dispatch')} button`)
  await page.fill('[name=to]', '李医生，赵')
  await page.press('[name=to]', 'Enter')
  await stateOf(page, 'dispatched')
  await page.click(`${step('feedback')} button`)
  await page.selectOption('[name=outcome]', 'false-alarm')
  await page.fill('[data-form=feedback] [name=text]', '误碰')
  await page.press('[data-form=feedback] [name=text]', 'Enter')
  await stateOf(page, 'feedback')
  await page.fill('[name=note]', '家属已知')
  await page.press('[name=note]', 'Enter')
  await page.waitForSelector('.history >> text=家属已知')
  expect(await page.isDisabled(`${step('verify')} button`)).toBe(true)
  await page.waitForSelector('#why-verify:has-text("须由另一人核查")')

  const second = await signIn('zhao')
  await second.keyboard.press('3')
  await second.click('[data-case]:has-text("已反馈") a')
  await stateOf(second, 'feedback')
  await second.click(`${step('verify')} button`)
  await second.press('[data-form=verify] [name=text]', 'Enter')
  await stateOf(second, 'verified')
  await second.click(`${step('archive')} button`)
  await second.press('[data-form=archive] [name=text]', 'Enter')
  await stateOf(second, 'archived')
  // The first desk gets it.
  await stateOf(page, 'archived')
  expect(complaints).toEqual([])
}, 180_000)
