// Settings over the console's routes: export and import as YAML, undo, and a conflict that a person settles.
import { readFileSync, writeFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { changesOfYaml, settingsYaml } from '../../../../../gateway/console/settings/settings-yaml.ts'
import type { SettingsAnswer } from '../../../../../protocols/console/installing.ts'
import { onBox, openConsoleKit, type ConsoleKit } from '../../../../kits/console/console-kit.ts'

let kit: ConsoleKit
beforeEach(async () => {
  kit = await openConsoleKit({
    zones: [{ id: 'shop', name: 'Shop' }],
    devices: [
      { id: 'd-1', kind: 'button', zone: 'shop' },
      { id: 'd-2', kind: 'contact' },
    ],
  })
})
afterEach(() => kit.stop())

const post = (path: string, body: object) => kit.ask(onBox, 'POST', `/api/v1/settings${path}`, { body })
const read = async (): Promise<SettingsAnswer> =>
  (await kit.ask(onBox, 'GET', '/api/v1/settings')).body as unknown as SettingsAnswer

it('exports what counts, without secrets, and takes an edited export back as one version', async () => {
  const { text, headers } = await kit.ask(onBox, 'GET', '/api/v1/settings/yaml')
  expect(headers['content-disposition']).toContain('new-box.yaml')
  expect(text).not.toMatch(/password|listeners|dataDir/)
  const settings = parse(text) as { zones: object[]; devices: { id: string }[]; limits?: object }
  const edited = {
    ...settings,
    zones: [...settings.zones, { id: 'hall' }],
    devices: [{ id: 'd-1', kind: 'button', zone: 'hall' }],
    limits: { batteryLowPercent: 15 },
  }
  const body = Buffer.from(stringify(edited))
  const trial = await kit.ask(onBox, 'POST', '/api/v1/settings/import?trial', { body })
  expect(trial.body).toMatchObject({ removed: ['devices.d-2'] })
  expect(new Set(trial.body['keys'] as string[])).toEqual(
    new Set(['limits.batteryLowPercent', 'zones.hall', 'devices.d-1', 'devices.d-2']),
  )
  expect((await kit.ask(onBox, 'POST', '/api/v1/settings/import', { body })).status).toBe(200)
  kit.reopen()
  const after = await read()
  expect(after.devices).toEqual([{ id: 'd-1', kind: 'button', zone: 'hall' }])
  expect(after.limits.batteryLowPercent).toBe(15)
  expect((await post('/undo', { version: 1 })).status).toBe(200)
  kit.reopen()
  expect((await read()).devices).toHaveLength(2)
})

it('refuses what is no export, and names the reason', () => {
  const raw = { zones: [{ id: 'shop' }], limits: { timeZone: 'UTC' } }
  expect(changesOfYaml(settingsYaml(raw), raw)).toEqual({ ok: true, value: {} })
  for (const text of ['uplink: { url: x }', '- a', 'zones: {}', 'zones: [{ id: a }, { id: a }]', '\t:'])
    expect(changesOfYaml(text, raw).ok).toBe(false)
})

it('shows a conflict with the file, and ends it with the value that a person takes', async () => {
  await post('', { what: 'name', set: { 'box.name': 'Console' } })
  const file = parse(readFileSync(kit.file, 'utf8')) as { box: object }
  writeFileSync(kit.file, stringify({ ...file, box: { ...file.box, name: 'Edited' } }))
  kit.reopen()
  expect((await read()).conflicts).toMatchObject([{ key: 'box.name', file: 'Edited', console: 'Console' }])
  expect((await post('/settle', { key: 'box.name', take: 'console' })).status).toBe(200)
  kit.reopen()
  expect(kit.installing.config.box.name).toBe('Console')
  expect((await read()).conflicts).toEqual([])
  expect((await post('/settle', { key: 'box.name', take: 'file' })).status).toBe(400)
})

it('closes what the page has no business with', async () => {
  for (const key of ['mqtt.passwordFile', 'box.id', 'uplink.url'])
    expect((await post('', { what: 'x', set: { [key]: 'x' } })).status).toBe(400)
})
