// Question: does the operator see the pictures of an alarm on a phone's screen: first their announcement, then the
// preview, then the full size, from a real camera through real programs?
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { Browser } from 'playwright-core'
import { openPictureVillage, type PictureVillage } from '../kits/system/picture-village.ts'
import { runCommand } from '../kits/system/programs.ts'
import { launchBrowser } from './pages.ts'

let village: PictureVillage | undefined
let browser: Browser | undefined
afterEach(async () => {
  await browser?.close()
  await village?.close()
})

test('shows a picture on its way, then its preview, then the full size, and says so in both languages', async () => {
  // Thin enough that the full size takes seconds: the desk must show the earlier states.
  village = await openPictureVillage(40_000)
  const { town, camera, button, link } = village
  camera.scene.grain = 40
  await town.startCentre()
  const passwordFile = join(town.folder, 'password')
  writeFileSync(passwordFile, 'a long enough password')
  const user = ['--role', 'operator', '--name', 'wang', '--password-file', passwordFile]
  await runCommand(['centre', 'user', 'add', '--config', town.centreFile, ...user])
  await town.startGateway()
  browser = await launchBrowser()
  const context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 360, height: 640 } })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (line) => {
    if (line.text().includes('Content Security Policy')) complaints.push(line.text())
  })
  await page.goto(`http://127.0.0.1:${town.ports.http}/`)
  await page.fill('#user', 'wang')
  await page.fill('#password', 'a long enough password')
  await page.press('#password', 'Enter')
  await page.waitForSelector('.link.is-live')

  await button.connect(town.ports.mqtt)
  button.publish('{"id":"1-1","button":"pressed"}')
  await page.waitForSelector('.picture .missing:has-text("图片正在传来")')
  const preview = '.picture img[alt*="cam-1"][alt*="事发时"]'
  await page.waitForSelector(preview)
  const widthOf = (selector: string): Promise<number> =>
    page.$eval(selector, (image) => (image as unknown as { naturalWidth: number }).naturalWidth)
  await expect.poll(() => widthOf(preview)).toBeGreaterThan(200)
  await page.click('.picture:has(img)')
  await page.waitForSelector('.picture-view img[data-size="preview"]')
  expect(await page.textContent('.picture-view .note')).toContain('原图正在传来')
  link.bytesPerSecond = 10_000_000
  await page.waitForSelector('.picture-view img[data-size="full"]')
  await expect.poll(() => widthOf('.picture-view img')).toBe(640)
  const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
  expect(await page.evaluate(overflow)).toBe(0)
  await page.waitForSelector('.picture-view .steps button:last-child:enabled')
  await page.keyboard.press('ArrowRight')
  await page.waitForSelector('.picture-view .caption:has-text("2 秒后")')
  await page.keyboard.press('Escape')
  await page.waitForSelector('.picture-view', { state: 'detached' })
  await page.click('.more-pages summary')
  await page.click('.language-switch button[lang="en"]')
  await page.waitForSelector('.picture:has-text("at once")')
  expect(complaints).toEqual([])
}, 90_000)
