// The village plan and the handover sheet: made at the console by a person with a phone, and read at the desk.
import { expect } from 'vitest'
import type { Page } from 'playwright-core'
import { drawPlan } from '../../kits/map/draw-png.ts'
import type { FormVisit } from './console-forms.ts'

const saved = { timeout: 60_000 }
const picture = () => ({ name: 'plan.png', mimeType: 'image/png', buffer: Buffer.from(drawPlan()) })

/** The picture is uploaded, a device is dragged to a place, and moved on with the keyboard. */
export async function placeOnPlan({ page, url, click, lookAt }: FormVisit, device: string): Promise<void> {
  await page.goto(`${url}#/plan`)
  await page.waitForSelector('[data-unplaced] button')
  await page.setInputFiles('[data-page=plan] input[type=file]', picture())
  await page.waitForSelector('.plan-board img')
  await click(`[data-thing="devices ${device}"] button`)
  const pin = page.locator(`[data-pin="devices ${device}"]`)
  await pin.waitFor()
  await page.locator('.plan-board').scrollIntoViewIfNeeded()
  const board = await page.locator('.plan-board').boundingBox()
  const from = await pin.locator('.pin-dot').boundingBox()
  if (!board || !from) throw new Error('no plan')
  await page.mouse.move(from.x + 12, from.y + 12)
  await page.mouse.down()
  await page.mouse.move(board.x + board.width * 0.6, board.y + board.height * 0.3, { steps: 4 })
  await page.mouse.up()
  await pin.focus()
  await page.keyboard.press('Shift+ArrowRight')
  await lookAt('plan')
  await click('[data-page=plan] [data-keep]')
  await page.waitForSelector('[data-page=plan] .good', saved)
  const answer = await page.evaluate<string>("fetch('api/v1/plan').then((answer) => answer.text())")
  const { devices } = JSON.parse(answer) as { devices: { id: string; plan?: { x: number; y: number } }[] }
  const at = devices.find(({ id }) => id === device)?.plan
  expect(at?.x).toBeCloseTo(0.65, 1)
  expect(at?.y).toBeCloseTo(0.3, 1)
}

/** With a contact and a picture; the centre has it a moment later. */
export async function handOver({ page, click, lookAt }: FormVisit): Promise<void> {
  await page.fill('.contact input >> nth=0', '王主任')
  await page.fill('[name=received-by]', '王主任')
  await page.setInputFiles('[data-page=handover] input[type=file]', picture())
  await page.fill('[name=caption-0]', '网关箱 <b>')
  await click('[data-keep-sheet]')
  await page.waitForSelector('[data-stored]', saved)
  await lookAt('handover with pictures')
}

/** The same sheet and plan at the desk, which came from the box by itself. */
export async function readAtDesk(
  desk: Page,
  { url, user, password, box }: { url: string; user: string; password: string; box: string },
): Promise<void> {
  await desk.goto(url)
  await desk.fill('#user', user)
  await desk.fill('#password', password)
  await desk.press('#password', 'Enter')
  await desk.waitForSelector('.link.is-live')
  await desk.evaluate("location.hash = '#/villages'")
  await desk.click(`[data-box="${box}"] .box-links a >> nth=1`)
  await desk.waitForSelector('.handover-sheet', saved)
  expect(await desk.textContent('.handover-sheet')).toContain('网关箱 <b>')
  const isDrawn = "document.querySelector('.handover-pictures img').naturalWidth > 100"
  await expect.poll(() => desk.evaluate(isDrawn)).toBe(true)
  await desk.evaluate(`location.hash = '#/map/${box.slice(0, 12)}'`)
  await desk.waitForSelector('.map-plan', saved)
  await desk.waitForSelector('.plan-upload .hint')
}
