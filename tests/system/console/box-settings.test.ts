// Question: does a box that is killed between the change of its devices and their passwords have both at its next start, and does each
// device then connect with the credential that was shown once?
import { rmSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { hashPassword } from '../../../gateway/broker/credentials/passwords.ts'
import { CentreChanges } from '../../../gateway/config/centre-changes.ts'
import type { ImportAnswer, WalkTestAnswer } from '../../../protocols/console/installing.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'
import { startBoxFromFile, type BoxFromFile } from '../../kits/system/box-in-process.ts'

let folder: string
let file: string
let run: BoxFromFile | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-box-settings-'))
  file = join(folder, 'gateway.yaml')
  writeFileSync(
    file,
    stringify({
      box: { id: 'upper-brook' },
      dataDir: 'data',
      mqtt: { listeners: [{ host: '127.0.0.1', port: 0 }] },
      console: { port: 0 },
    }),
  )
})
afterEach(async () => {
  await run?.stop()
  run = undefined
  rmSync(folder, { recursive: true, force: true })
})

const post = async (path: string, body: object | Buffer): Promise<unknown> => {
  const isFile = Buffer.isBuffer(body)
  const answer = await fetch(new URL(`/api/v1/${path}`, run?.box().consoleUrl), {
    method: 'POST',
    headers: { 'content-type': isFile ? 'application/octet-stream' : 'application/json' },
    body: isFile ? new Uint8Array(body) : JSON.stringify(body),
  })
  return answer.json()
}
const press = async (device: string, password: string): Promise<void> => {
  const client = await connectAsync(run?.box().mqttUrl ?? '', {
    clientId: device,
    username: device,
    password,
    reconnectPeriod: 0,
  })
  await client.publishAsync(`gengfu/v1/${device}/event`, '{"id":"1-1","button":"pressed"}', { qos: 1 })
  await client.endAsync()
}
const walkTest = async (): Promise<WalkTestAnswer> =>
  (await (await fetch(new URL('/api/v1/walk-test', run?.box().consoleUrl))).json()) as WalkTestAnswer

test('passwords that were not placed before a kill are placed at the next start', async () => {
  const opened = CentreChanges.open(file)
  if (!opened.ok) throw new Error('no configuration')
  const changed = opened.value.centre.changeSettings({
    by: 'li',
    what: 'import',
    atMs: 1,
    set: {
      'devices.b-1': { id: 'b-1', kind: 'button' },
      'mqtt.passwordFile': join(folder, 'data/passwords'),
    },
    passwords: { 'b-1': await hashPassword('shown once', createSystemRandom()) },
  })
  expect(changed.ok).toBe(true)
  run = await startBoxFromFile(file)
  await press('b-1', 'shown once')
  const again = CentreChanges.open(file)
  expect(again.ok && again.value.centre.settings.passwords).toEqual({})
}, 60_000)

test('an imported device connects with its credential, is tested, and is out after an undo', async () => {
  run = await startBoxFromFile(file)
  const list = Buffer.from('编号,类型,防区\nb-1,按钮,王家\nb-2,按钮,王家\n')
  const answer = (await post('devices/import', list)) as ImportAnswer
  expect(answer).toMatchObject({ ok: true, plan: { devices: 2, zones: ['王家'] } })
  await run.started(2)
  const password = answer.credentials?.find(({ device }) => device === 'b-1')?.password ?? ''
  expect(readFileSync(join(folder, 'data/passwords'), 'utf8')).not.toContain(password)
  expect(await post('maintenance', { zone: 'box', minutes: 5, by: 'li' })).toEqual({ ok: true })
  expect((await walkTest()).devices.map(({ isHeard }) => isHeard)).toEqual([false, false])
  await press('b-1', password)
  await expect
    .poll(async () => (await walkTest()).devices.map(({ isHeard }) => isHeard))
    .toEqual([true, false])
  await expect(press('b-2', password)).rejects.toThrow(/refused/)
  await post('settings/undo', { version: 1 })
  await run.started(3)
  await expect(press('b-1', password)).rejects.toThrow(/refused/)
}, 60_000)

test('takes five hundred devices in one request, each with a credential of its own', async () => {
  run = await startBoxFromFile(file)
  const lines = Array.from({ length: 500 }, (_, n) => `btn-${n},按钮,第${n % 100}户`)
  const answer = (await post(
    'devices/import',
    Buffer.from(`编号,类型,防区\n${lines.join('\n')}\n`),
  )) as ImportAnswer
  expect(new Set(answer.credentials?.map(({ password }) => password)).size).toBe(500)
  await run.started(2)
  const last = answer.credentials?.at(-1)
  await press(last?.device ?? '', last?.password ?? '')
}, 240_000)
