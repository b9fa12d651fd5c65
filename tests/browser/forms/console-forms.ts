// The forms of the console as a person with a phone uses them: cameras with hidden parts, a local rule, the listener for devices.
import { readFileSync } from 'node:fs'
import { connectAsync } from 'mqtt'
import { expect } from 'vitest'
import type { Page } from 'playwright-core'

export interface FormVisit {
  page: Page
  /** With a slash at its end. */
  url: string
  click: (selector: string) => Promise<void>
  lookAt: (name: string) => Promise<void>
}

const saved = { timeout: 60_000 }

/** All cameras that a search finds, with one password: tried, and added together. */
export async function addFoundCameras(
  { page, url, click, lookAt }: FormVisit,
  cameras: readonly { name: string; port: number }[],
  account: { user: string; password: string },
): Promise<void> {
  await page.goto(`${url}#/cameras`)
  await page.waitForSelector('[data-find] button.primary:enabled')
  await click('[data-find] button.primary')
  for (const { port, name } of cameras) {
    const row = `[data-found="${port}"]`
    await page.waitForSelector(row, saved)
    await page.fill(`${row} [name=found-name]`, name)
    await page.selectOption(`${row} [name=found-zone]`, { index: 1 })
  }
  await page.fill('[name=found-user]', account.user)
  await page.fill('[name=found-password]', account.password)
  await lookAt('found cameras')
  await click('[data-add-chosen]')
  for (const at of cameras.keys()) await page.waitForSelector(`[data-camera-entry="camera-${at + 1}"]`, saved)
  await page.waitForSelector('[data-find] button.primary:enabled', saved)
}

/** By its address, without its password: the page says why there is no picture. */
export async function tryByAddress({ page, click }: FormVisit, port: number): Promise<void> {
  await click('[data-by-address]')
  await page.fill('[name=camera-name]', 'x')
  await page.fill('[name=host]', '127.0.0.1')
  await page.fill('[name=port]', String(port))
  await click('[data-try]')
  await page.waitForSelector('[data-camera-form] .why', saved)
  await page.click('[data-camera-form] > button:last-child')
  await page.waitForSelector('[data-find]')
}

/** Tried with its stored password, with one part hidden by a drag and one with the keyboard. */
export async function maskCamera({ page, click, lookAt }: FormVisit, id: string): Promise<void> {
  await click(`[data-camera-entry="${id}"] button`)
  await click('[data-try]')
  const drawing = await page.waitForSelector('.mask-picture svg', saved)
  await drawing.scrollIntoViewIfNeeded()
  const { x, y, width, height } = (await drawing.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
  await page.mouse.move(x + 2, y + 2)
  await page.mouse.down()
  await page.mouse.move(x + width * 0.3, y + height * 0.4, { steps: 4 })
  await page.mouse.up()
  await page.waitForSelector('[data-mask="0"]')
  await drawing.focus()
  for (const key of ['Enter', 'Shift+ArrowRight', 'Enter', 'Shift+ArrowDown', 'Enter'])
    await page.keyboard.press(key)
  await page.click('[data-close-mask]')
  await page.waitForSelector('[data-mask="1"]')
  await lookAt('camera form')
  await click('[data-save-camera]')
  await page.waitForSelector(`[data-camera-entry="${id}"]`, saved)
  await page.waitForSelector('[data-find] button.primary:enabled', saved)
}

/** A stored picture of it is black where a person drew, and not elsewhere. */
export async function expectMasked(page: Page, camera: string, by: string): Promise<void> {
  const light = await page.evaluate<number[]>(
    `(async () => {
      const { page } = await (await fetch('api/v1/session')).json()
      const taken = await fetch('api/v1/cameras/${camera}/snapshot', { method: 'POST', body: '{"by":"${by}"}',
        headers: { 'content-type': 'application/json', ...(page ? { 'x-gengfu-page': page } : {}) } })
      const { snapshot } = await taken.json()
      const bytes = await (await fetch('api/v1/snapshots/' + snapshot.id + '/full?who=${by}')).blob()
      const image = await createImageBitmap(bytes)
      const canvas = document.createElement('canvas')
      canvas.width = image.width; canvas.height = image.height
      const context = canvas.getContext('2d')
      context.drawImage(image, 0, 0)
      const lightAt = (x, y) => Math.max(...context.getImageData(image.width * x, image.height * y, 1, 1).data.slice(0, 3))
      return [lightAt(0.15, 0.2), lightAt(0.8, 0.2)]
    })()`,
  )
  expect(light[0]).toBeLessThan(24)
  expect(light[1]).toBeGreaterThan(40)
}

/** A siren that sounds for a red alarm at night. */
export async function addRule({ page, url, click }: FormVisit, device: string): Promise<void> {
  await page.goto(`${url}#/settings`)
  await page.waitForSelector('[data-add-rule]')
  await click('[data-add-rule]')
  await page.selectOption('[name=rule-device]', device)
  expect(await page.inputValue('[name=rule-do]')).toBe('siren')
  await click('[data-rule-form] button.primary')
  await page.waitForSelector('[data-rule="rule-1"]', saved)
  expect(await page.textContent('[data-rule="rule-1"]')).toContain('red')
  await page.waitForSelector('[data-listener] button.primary:enabled', saved)
}

/** Devices of the village connect with TLS, and know the box by the certificate that the page gives them. */
export async function openListener(
  { page, click, lookAt }: FormVisit,
  port: number,
  device: { id: string; password: string },
): Promise<void> {
  await page.check('[name=listener][value=village-tls]')
  await page.fill('[name=listener-port]', String(port))
  await lookAt('settings with forms')
  await click('[data-listener] button.primary')
  const link = await page.waitForSelector('[data-listener] a[download]', saved)
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
  const client = await connectAsync(`mqtts://127.0.0.1:${port}`, {
    clientId: device.id,
    username: device.id,
    password: device.password,
    ca: readFileSync(await download.path()),
    servername: 'gengfu.local',
    reconnectPeriod: 0,
  })
  await client.endAsync()
}
