// Question: does the operator find a village and a device on the map, from the positions, plans and tiles of a real centre, with the keyboard
// too, and does a new red appear on it by itself?
import { expect, test } from 'vitest'
import { drawPlan } from '../../kits/map/draw-png.ts'
import { browser, desk } from './shared-town.ts'
import { findBarriers, goTo, lower, openDesk, stone, upper } from './town-desk.ts'

const complaints: string[] = []

test('shows each village by its worst colour and link, over the tiles of the town, and a new red by itself', async () => {
  const page = await openDesk(browser, desk, { user: 'wang' }, complaints)
  await goTo(page, '#/map', '.map-mark')
  const mark = (village: string): string => `.map-mark[data-mark="${village}"]`
  expect(await page.getAttribute(mark(upper), 'aria-label')).toBe('上河村 Upper River: no alarm, box present')
  // A tile of the file is drawn: its ground has a colour.
  const isDrawn = `[...document.querySelectorAll('.leaflet-tile')].some((tile) =>
    tile.getContext('2d').getImageData(10, 10, 1, 1).data[3] === 255)`
  await expect.poll(() => page.evaluate(isDrawn), { timeout: 60_000 }).toBe(true)
  const hostile = '<img src=x onerror="document.title = 1">'
  await desk.raise(0, 'red', {
    zone: 'wang',
    place: { zone: hostile, device: hostile, plan: { x: 0.31, y: 0.43 } },
  })
  await page.waitForSelector(`${mark(upper)}.is-red.is-waiting`)
  expect(await page.getAttribute(mark(upper), 'aria-label')).toBe(
    '上河村 Upper River: red waits, box present',
  )
  // The worst is first in the list, and a village without alarms has no colour.
  expect(await page.getAttribute('.map-list li', 'data-village')).toBe(upper)
  expect(await page.getAttribute(mark(stone), 'class')).not.toContain('is-waiting')
  for (const language of ['zh', 'en'] as const) {
    await page.click(`.language-switch button:has-text("${language === 'zh' ? '中文' : 'English'}")`)
    expect([language, await findBarriers(page)]).toEqual([language, []])
  }

  await page.focus(mark(upper))
  await page.keyboard.press('Enter')
  await page.waitForSelector('.map-plan')
  await page.waitForSelector('.map-mark.is-device.is-red')
  expect(await page.locator('.map-mark.is-device').count()).toBe(7)
  // A place that no device has is not on the plan, and the list says so.
  expect(await page.textContent('[data-device$="/stray-1"]')).toContain('not on the plan')
  const geo = await page.getAttribute('[data-map=geo]', 'href')
  // Configured in GCJ-02, given to the phone in WGS-84: some hundred metres away from the number in the file.
  const [, lat = '', lon = ''] = /^geo:([\d.]+),([\d.]+)/.exec(geo ?? '') ?? []
  const metres = Math.hypot((Number(lat) - 32.011) * 111_000, (Number(lon) - 120.862) * 94_000)
  expect(metres).toBeGreaterThan(200)
  expect(metres).toBeLessThan(800)
  expect(await page.getAttribute('[data-map=amap]', 'href')).toContain('position=120.862000,32.011000')
  await page.click(`[data-device="${upper}-1/button-1"] a`)
  await page.waitForSelector('.sheet-title')
  expect(await page.title()).not.toBe('1')
  await page.context().close()
}, 180_000)

test('shows a plan that has no place on the map, in the dark, on a phone', async () => {
  const page = await openDesk(
    browser,
    desk,
    { theme: 'dark', language: 'zh', width: 390, height: 844 },
    complaints,
  )
  await goTo(page, `#/map/${lower}`, '.map-plan')
  await page.waitForSelector('.map-mark.is-device')
  expect(await findBarriers(page)).toEqual([])
  const wide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
  expect(await page.evaluate(wide)).toBe(0)
  // A village without a plan says what to do.
  await goTo(page, `#/map/${stone}`, '.empty:has-text("没有平面图")')
  // A person who leads uploads one, and it is there at once.
  const file = { name: 'plan.png', mimeType: 'image/png', buffer: Buffer.from(drawPlan()) }
  await page.setInputFiles('[data-part=plan-upload] input[type=file]', file)
  await page.waitForSelector('.map-plan')
  await page.click('[data-part=plan-upload] button')
  await page.waitForSelector('.empty:has-text("没有平面图")')
  expect(complaints).toEqual([])
  await page.context().close()
}, 180_000)
