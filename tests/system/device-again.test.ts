// Question: is a device that was reset, replaced or enrolled again heard, although its message ids were used before
// under its name? Real mosquitto clients against a box in this process.
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeDevicePassword } from '../../gateway/cli/device-password.ts'
import { forgetDevice } from '../../gateway/cli/forget-device.ts'
import {
  createBoxFolder,
  startBox,
  type BoxFolder,
  type BoxInProcess,
} from '../kits/system/box-in-process.ts'

const run = promisify(execFile)
let home: BoxFolder
let box: BoxInProcess
let passwordFile: string

const start = (): Promise<BoxInProcess> =>
  startBox(home.folder, {
    mqtt: { listeners: [{ host: '127.0.0.1', port: 0 }], anonymous: true, passwordFile },
  })

beforeAll(async () => {
  home = createBoxFolder()
  passwordFile = join(home.folder, 'passwords')
  box = await start()
})
afterAll(async () => {
  await box.gateway.stop()
  home.remove()
})

async function press(device: string, payload: object, password?: string): Promise<void> {
  const { hostname, port } = new URL(box.mqttUrl)
  const proof = password === undefined ? [] : ['-u', device, '-P', password]
  const topic = `gengfu/v1/${device}/event`
  const to = ['-h', hostname, '-p', port, '-i', device, '-q', '1', '-t', topic]
  await run('mosquitto_pub', [...to, ...proof, '-m', JSON.stringify(payload)])
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${box.consoleUrl}metrics`)).text()
  return Number(new RegExp(`^${name.replace(/[{}"]/g, String.raw`\$&`)} (\\d+)`, 'm').exec(text)?.[1] ?? 0)
}
const results = async (): Promise<number[]> =>
  Promise.all(
    ['kept', 'repeat', 'id-used-again'].map((result) =>
      metric(`gengfu_device_messages_total{result="${result}"}`),
    ),
  )

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 400; turn++) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('it did not come about')
}

it('keeps a repeat once, and every message of a device that counts anew', async () => {
  const event = { id: '1-1', button: 'pressed' }
  await press('button-a', event)
  await press('button-a', event)
  expect(await results()).toEqual([1, 1, 0])
  // The next device under this name sends other content under the same id.
  await press('button-a', { ...event, batteryPercent: 90 })
  expect(await results()).toEqual([2, 1, 1])
  await press('button-a', { ...event, batteryPercent: 90 })
  expect(await results()).toEqual([2, 2, 1])
})

it('keeps the same message once more after the device was forgotten by hand, also after a restart', async () => {
  const event = { id: '1-1', button: 'pressed' }
  await press('button-b', event)
  await press('button-b', { ...event, id: 'odd' })
  const [kept = 0] = await results()
  expect(forgetDevice(join(home.folder, 'box'), 'button-b').ok).toBe(true)
  await until(async () => (await results())[0] === kept && forgotten() === 0)
  await press('button-b', event)
  await press('button-b', { ...event, id: 'odd' })
  expect((await results())[0]).toBe(kept + 2)
  await press('button-b', event)
  expect((await results())[0]).toBe(kept + 2)

  await box.gateway.stop()
  // A stopped box takes the request when it starts.
  expect(forgetDevice(join(home.folder, 'box'), 'button-b').ok).toBe(true)
  box = await start()
  await until(() => Promise.resolve(forgotten() === 0))
  await press('button-b', event)
  expect((await results())[0]).toBe(1)
})

it('keeps the same message once more when the device has a new password', async () => {
  const event = { id: '7-1', button: 'pressed' }
  const enrol = async (): Promise<string> => {
    const made = await writeDevicePassword(passwordFile, 'button-c')
    if (!made.ok) throw new Error('no password')
    return made.value
  }
  // A second apart, as a device tries: quicker attempts with one name are delayed.
  const untilLetIn = (): Promise<void> =>
    until(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1000))
      return press('button-c', event, password)
        .then(() => true)
        .catch(() => false)
    })
  let password = await enrol()
  await untilLetIn()
  const [kept = 0] = await results()
  await press('button-c', event, password)
  expect((await results())[0]).toBe(kept)
  password = await enrol()
  await untilLetIn()
  expect((await results())[0]).toBe(kept + 1)
})

function forgotten(): number {
  return readdirSync(join(home.folder, 'box')).filter((name) => name.startsWith('forget-device.')).length
}
