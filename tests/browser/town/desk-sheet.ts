// Question: does the sheet of a water alarm show the curve that the centre has stored, with its stages, its trend and the same numbers as a
// table; where the alarm is; and does an alarm that is over still show what it was?
import { expect, test } from 'vitest'
import { browser, desk } from './shared-town.ts'
import { findBarriers, goTo, openDesk, risingLevels } from './town-desk.ts'

const complaints: string[] = []
const gauge = {
  kind: 'water' as const,
  variant: 'warning',
  device: 'gauge-1',
  zone: 'dam',
  place: {
    zone: '南溪水闸 South sluice',
    device: '南溪水位计 South creek gauge',
    plan: { x: 0.75, y: 0.76 },
    utcOffsetMin: 480,
  },
}

test('shows curve, stages, trend and time to the next stage, as a picture, in words and as a table', async () => {
  await desk.send(0, risingLevels(desk.time, 12, 1500, 3120))
  const id = await desk.raise(0, 'yellow', gauge)
  const page = await openDesk(browser, desk, { user: 'wang' }, complaints)
  await goTo(page, `#/alarm/${encodeURIComponent(id)}`, '.water-plot canvas')
  const words = await page.textContent('.water-now')
  expect(words).toContain('3.12 m at')
  expect(words).toContain('warning level reached')
  expect(words).toMatch(/rising 0\.\d\d m an hour/)
  expect(words).toMatch(/about \d+ min to the guarantee level/)
  const rows = await page.locator('.water-table tbody tr').allTextContents()
  expect(rows.length).toBeGreaterThan(10)
  expect(rows[0]).toContain('3.12')
  expect(rows[0]).toContain('warning level')
  // The curve is drawn: some pixel of the canvas has a colour.
  const isDrawn = `(() => { const canvas = document.querySelector('.water-plot canvas');
    return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((one) => one > 0) })()`
  expect(await page.evaluate(isDrawn)).toBe(true)
  const before = rows.length
  await page.selectOption('.water-span select', '6')
  await expect.poll(() => page.locator('.water-table tbody tr').count()).not.toBe(before)
  // Where it is: the mark stands on the plan, and the phone's map gets a position.
  const mark = await page.getAttribute('.plan-mark', 'style')
  expect(mark).toContain('left: 75%')
  expect(await page.getAttribute('.plan-picture img', 'alt')).toContain('South sluice')
  expect(await page.getAttribute('[data-map=geo]', 'href')).toMatch(/^geo:3[12]\.\d{6},12[01]\.\d{6}/)
  // The cameras near the place, that of its own zone first; what the box answers to a request is shown.
  await page.waitForSelector('[data-part=cameras] li')
  const near = await page.locator('[data-part=cameras] li').allTextContents()
  expect([near.length, near[0]]).toEqual([2, expect.stringContaining('Sluice camera')])
  expect(near[0]).toContain('of this zone')
  await page.click('[data-camera=cam-hall] button')
  await page.waitForSelector('.commands, .command-list, [data-command]')
  // The second window shows this alarm, and follows the first one to another.
  const [second] = await Promise.all([page.waitForEvent('popup'), page.click('.second-window')])
  await second.waitForSelector('.pictures-page h1:has-text("South sluice")')
  expect(await findBarriers(second)).toEqual([])
  const other = await desk.raise(0, 'yellow', { ...gauge, id: 'other', device: 'door-1', zone: 'hall' })
  await page.evaluate(`location.hash = ${JSON.stringify(`#/alarm/${encodeURIComponent(other)}`)}`)
  await expect.poll(() => second.url(), { timeout: 20_000 }).toContain('other')
  await second.close()
  await goTo(page, `#/alarm/${encodeURIComponent(id)}`, '.water-plot canvas')
  for (const theme of ['light', 'dark'] as const) {
    await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`)
    expect([theme, await findBarriers(page)]).toEqual([theme, []])
  }
  await page.context().close()
}, 180_000)

test('an alarm that is over reads as it was, with its case', async () => {
  const id = await desk.raise(0, 'blue', { ...gauge, variant: 'near-warning', id: 'old', colour: 'blue' })
  const [box, own] = id.split(/\.(.*)/)
  const page = await openDesk(browser, desk, { user: 'wang' }, complaints)
  const sheet = `#/alarm/${encodeURIComponent(id)}`
  await goTo(page, sheet, '.alarm .accept')
  await page.click('.alarm .accept')
  await page.waitForSelector('.case-state[data-state=accepted]')
  await desk.end(0, 'blue', own ?? '', { ...gauge, variant: 'near-warning' })
  await page.waitForSelector(`.old-alarm[data-alarm="${box}.old"]`)
  const text = await page.textContent('.old-alarm')
  expect(text).toContain('South sluice')
  expect(text).toContain('over at')
  expect(text).toContain('Accepted by wang')
  await page.waitForSelector('.history >> text=wang')
  // Read again from nothing.
  await page.reload()
  await page.waitForSelector('.old-alarm .facts')
  await goTo(page, '#/alarm/nowhere-1.x', '.empty:has-text("has no such alarm")')
  expect(complaints).toEqual([])
  await page.context().close()
}, 180_000)
