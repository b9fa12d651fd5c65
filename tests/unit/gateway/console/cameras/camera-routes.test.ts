// Cameras by forms over the console's routes: what is saved, what stays of the file, and that a password goes to its own address only.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { pino } from 'pino'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SimulatedCamera } from '../../../../../firmware-sim/camera/simulated-camera.ts'
import { cameraSettingsSchema } from '../../../../../gateway/config/camera-settings.ts'
import { openCameraWork } from '../../../../../gateway/wiring/console/open-camera-work.ts'
import type { Base } from '../../../../../gateway/wiring/base.ts'
import { createSystemClock } from '../../../../../protocols/kit/clock.ts'
import type { SettingsAnswer } from '../../../../../protocols/console/installing.ts'
import { onBox, openConsoleKit, type ConsoleKit } from '../../../../kits/console/console-kit.ts'

let kit: ConsoleKit
beforeEach(async () => {
  kit = await openConsoleKit({
    zones: [{ id: 'bridge' }],
    cameras: [
      { id: 'old', zone: 'bridge', host: '192.0.2.5', user: 'u', passwordFile: 'secret', quotaMegabytes: 77 },
    ],
  })
  kit.cameraWork.accounts.set('old', { user: 'u', password: 'from the file' })
})
afterEach(() => kit.stop())

const post = (name: string, body: object) => kit.ask(onBox, 'POST', `/api/v1/cameras/${name}`, { body })
const entryOf = async (id: string): Promise<Record<string, unknown> | undefined> => {
  kit.reopen()
  const written = kit.installing.centreConfig?.written()
  const list = written?.ok ? (written.value.raw['cameras'] as { id: string }[]) : []
  return list.find((one) => one.id === id)
}
const masks = [
  [
    [0, 0],
    [0.5, 0],
    [0.5, 0.25],
  ],
]

it('finds, tries and saves a camera with its zones and masks, and removes it', async () => {
  expect((await post('find', {})).body).toMatchObject({ ok: true, found: [{ host: '192.0.2.64' }] })
  const camera = { id: 'cam-2', name: '桥头', zone: ['bridge'], host: '192.0.2.64', port: 80, masks }
  const account = { user: 'gengfu', password: 'p' }
  expect((await post('try', { camera, ...account })).body).toMatchObject({ ok: true, picture: 'AAAA' })
  expect(kit.cameraWork.tried).toEqual([['192.0.2.64', account]])
  expect(kit.restarts).toEqual([])
  expect((await post('save', { camera, ...account })).status).toBe(200)
  expect(kit.cameraWork.accounts.get('cam-2')).toEqual(account)
  expect(await entryOf('cam-2')).toEqual({ ...camera, user: 'gengfu' })
  expect(JSON.stringify(kit.installing.centreConfig?.settings.document)).not.toContain('"p"')
  const { cameras } = (await kit.ask(onBox, 'GET', '/api/v1/settings')).body as unknown as SettingsAnswer
  expect(cameras).toMatchObject([
    { id: 'old', hasPasswordFile: true },
    { id: 'cam-2', masks },
  ])
  expect((await post('remove', { id: 'cam-2' })).status).toBe(200)
  expect(await entryOf('cam-2')).toBeUndefined()
  expect((await post('remove', { id: 'cam-2' })).status).toBe(400)
})

it('adds several cameras with one account in one change, all or none', async () => {
  const of = (n: number, more: object = {}) => ({
    id: `camera-${n}`,
    name: `桥头 ${n}`,
    zone: ['bridge'],
    host: `192.0.2.${n}`,
    tls: false,
    ...more,
  })
  const account = { user: 'gengfu', password: 'p' }
  for (const cameras of [
    [of(1), of(2, { host: '' })],
    [of(1), of(1)],
    [of(1), of(2, { id: 'old' })],
    [of(1), of(2, { passwordFile: '/etc/passwd' })],
    [],
  ]) {
    expect((await post('add', { cameras, ...account })).status).toBe(400)
    expect([kit.restarts.length, kit.cameraWork.accounts.has('camera-1')]).toEqual([0, false])
  }
  expect((await post('add', { cameras: [of(1), of(2)], ...account, by: '李' })).status).toBe(200)
  expect(kit.restarts).toHaveLength(1)
  expect(kit.cameraWork.accounts.get('camera-2')).toEqual(account)
  expect(await entryOf('camera-1')).toEqual({ ...of(1), user: 'gengfu' })
  expect(await entryOf('camera-2')).toEqual({ ...of(2), user: 'gengfu' })
  const { versions } = (await kit.ask(onBox, 'GET', '/api/v1/settings')).body as unknown as SettingsAnswer
  expect(versions).toMatchObject([{ what: '2 cameras', by: '李' }])
})

it('keeps the keys that the form does not have, and sends a stored password to no other address', async () => {
  const form = { id: 'old', zone: ['bridge'], host: '192.0.2.5', masks }
  expect((await post('save', { camera: form })).status).toBe(200)
  expect(await entryOf('old')).toMatchObject({ quotaMegabytes: 77, passwordFile: 'secret', masks })
  const moved = { ...form, host: '192.0.2.66' }
  expect((await post('try', { camera: moved })).status).toBe(200)
  expect(kit.cameraWork.tried.at(-1)).toEqual(['192.0.2.66', undefined])
  const refused = await post('save', { camera: moved })
  expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('password')])
  expect((await post('save', { camera: moved, password: 'typed' })).status).toBe(200)
  const saved = await entryOf('old')
  expect(saved).toMatchObject({ host: '192.0.2.66', user: 'u' })
  expect(saved).not.toHaveProperty('passwordFile')
})

it('has the checks of the file, and opens no file of the box', async () => {
  const wrong = [
    { id: 'x', zone: ['bridge'], host: 'http://a' },
    { id: 'x', zone: [], host: '192.0.2.1' },
    { id: 'x', zone: ['bridge'], host: '192.0.2.1', masks: [[[0, 0]]] },
    { id: 'x', zone: ['bridge'], host: '192.0.2.1', passwordFile: '/etc/passwd' },
    { id: 'x', zone: ['bridge'], host: '192.0.2.1', onvif: false },
  ]
  for (const camera of wrong) expect((await post('save', { camera })).status).toBe(400)
  const set = { 'cameras.x': { ...wrong[3] } }
  const direct = await kit.ask(onBox, 'POST', '/api/v1/settings', { body: { what: 'x', set } })
  expect(direct.status).toBe(400)
})

it('exports cameras without the file of their password, and an import of it changes nothing', async () => {
  const { text } = await kit.ask(onBox, 'GET', '/api/v1/settings/yaml')
  expect(text).not.toContain('passwordFile')
  const same = await kit.ask(onBox, 'POST', '/api/v1/settings/import?trial', { body: Buffer.from(text) })
  expect(same.body).toMatchObject({ keys: [] })
  const settings = parse(text) as { cameras: object[] }
  const cameras = [{ ...settings.cameras[0], host: '192.0.2.9', passwordFile: '/etc/shadow' }]
  const body = Buffer.from(stringify({ ...settings, cameras }))
  expect((await kit.ask(onBox, 'POST', '/api/v1/settings/import', { body })).status).toBe(200)
  expect(await entryOf('old')).not.toHaveProperty('passwordFile')
})

it('takes a trial picture from a real camera without its masks, and says plainly why not', async () => {
  const account = { user: 'installer', password: 'Zw0lf%6174:x' }
  const camera = new SimulatedCamera({ account, auth: 'digest' })
  await camera.start()
  const dataDir = mkdtempSync(join(tmpdir(), 'gengfu-trial-'))
  const keyFile = `${dataDir}.key`
  try {
    const config = { dataDir, pictures: { keyFile }, cameras: [] }
    const base = { config, clock: createSystemClock(), logger: pino({ level: 'silent' }) } as unknown as Base
    const work = openCameraWork(base)
    const settings = cameraSettingsSchema.parse({
      id: 'cam-1',
      zone: 'bridge',
      host: '127.0.0.1',
      port: camera.port,
      masks,
    })
    const good = await work.takeTrial(settings, account)
    expect(good).toMatchObject({ ok: true, source: 'http', maker: 'Gengfu' })
    expect(Buffer.from(good.picture ?? '', 'base64').subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]))
    expect(await work.takeTrial(settings, undefined)).toMatchObject({
      ok: false,
      reason: { code: 'no-password' },
    })
    expect(await work.storeAccount('cam-1', account)).toBeUndefined()
    expect(await work.accountOf(settings)).toEqual(account)
    const without = openCameraWork({ ...base, config: { ...config, pictures: {} } } as unknown as Base)
    expect(await without.storeAccount('cam-1', account)).toMatchObject({ code: 'no-key' })
  } finally {
    await camera.stop()
    rmSync(dataDir, { recursive: true, force: true })
    rmSync(keyFile, { force: true })
  }
}, 60_000)
