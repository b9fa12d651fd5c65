// The settings of the console: beside the file, versioned, undone; and where the file was edited since, it counts and the conflict shows.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { CentreChanges, type OpenedConfig } from '../../../../../gateway/config/centre-changes.ts'
import { settingsFile, versionsMax } from '../../../../../gateway/config/console-settings/settings-file.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-settings-'))
  file = join(folder, 'gateway.yaml')
  writeConfig()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function writeConfig(more: object = {}): void {
  writeFileSync(
    file,
    stringify({
      box: { id: 'upper-brook', name: 'Brook' },
      dataDir: 'data',
      mqtt: { listeners: [{ host: '127.0.0.1', port: 0 }] },
      zones: [{ id: 'shop', name: 'Shop' }],
      devices: [{ id: 'door-1', kind: 'contact', zone: 'shop' }],
      ...more,
    }),
  )
}

function open(): OpenedConfig {
  const opened = CentreChanges.open(file)
  if (!opened.ok) throw new Error(JSON.stringify(opened.problems))
  return opened.value
}
const change = (set: Record<string, unknown>, by = 'li') =>
  open().centre.changeSettings({ by, what: 'test', atMs: 5, set })

it('lays keys, entries and removals over the file, which stays as it is', () => {
  const before = readFileSync(file, 'utf8')
  expect(
    change({
      'limits.timeZone': 'Asia/Urumqi',
      'zones.hall': { id: 'hall', name: '祠堂' },
      'zones.shop': { id: 'shop', name: '供销社' },
      'devices.b.1': { id: 'b.1', kind: 'button', zone: 'hall' },
      'devices.door-1': null,
    }).ok,
  ).toBe(true)
  const { config, conflicts, misfits } = open()
  expect(config.limits.timeZone).toBe('Asia/Urumqi')
  expect(config.zones.map(({ id, name }) => [id, name])).toEqual([
    ['shop', '供销社'],
    ['hall', '祠堂'],
  ])
  expect(config.devices.map(({ id, zone }) => [id, zone])).toEqual([['b.1', 'hall']])
  expect([conflicts, misfits]).toEqual([[], []])
  expect(readFileSync(file, 'utf8')).toBe(before)
})

it('refuses a change as a whole when a part of it does not fit, and keys that are none of its own', () => {
  const refused = change({
    'zones.hall': { id: 'hall' },
    'devices.b-1': { id: 'b-1', kind: 'button', zone: 'nowhere' },
  })
  expect(refused).toMatchObject({ ok: false, problems: [{ path: 'devices.b-1' }] })
  expect(open().config.zones).toHaveLength(1)
  for (const key of ['uplink.url', 'mqtt.anonymous', 'commands.allow', 'zones.a/b', 'box'])
    expect(change({ [key]: 'x' }).ok).toBe(false)
})

it('keeps who and when, and undoes the last change or several', () => {
  change({ 'box.name': 'One' }, 'li')
  change({ 'box.name': 'Two' }, 'wang')
  change({ 'zones.hall': { id: 'hall' } }, 'wang')
  const { centre } = open()
  expect(centre.settings.document.versions.map(({ n, by, atMs }) => [n, by, atMs])).toEqual([
    [1, 'li', 5],
    [2, 'wang', 5],
    [3, 'wang', 5],
  ])
  expect(centre.undoSettings(2, 'zhao', 6).ok).toBe(true)
  expect(open().config.box.name).toBe('One')
  expect(open().config.zones).toHaveLength(1)
  // The undo itself is undone.
  expect(open().centre.undoSettings(4, 'zhao', 7).ok).toBe(true)
  expect(open().config.box.name).toBe('Two')
  expect(open().centre.undoSettings(99, 'zhao', 7).ok).toBe(false)
})

it('leaves a key to the file that a person edited after the console, and names the conflict', () => {
  change({ 'box.name': 'Console', 'zones.shop': { id: 'shop', name: 'C' } })
  writeConfig({ box: { id: 'upper-brook', name: 'Edited' } })
  const { config, conflicts } = open()
  expect(config.box.name).toBe('Edited')
  expect(config.zones[0]?.name).toBe('C')
  expect(conflicts).toEqual([{ key: 'box.name', file: 'Edited', console: 'Console', by: 'li' }])
  // A further change of the key takes the file as it is now.
  change({ 'box.name': 'Console again' })
  expect(open()).toMatchObject({ config: { box: { name: 'Console again' } }, conflicts: [] })
  writeConfig({ box: { id: 'upper-brook', name: 'Console again' } })
  expect(open().conflicts).toEqual([])
})

it('leaves out alone what does not fit the file any more', () => {
  change({
    'devices.b-1': { id: 'b-1', kind: 'button', zone: 'shop' },
    'devices.b-2': { id: 'b-2', kind: 'button' },
  })
  writeConfig({ zones: [], devices: [] })
  const { config, misfits } = open()
  expect(config.devices.map(({ id }) => id)).toEqual(['b-2'])
  expect(misfits.map(({ path }) => path)).toEqual(['devices.b-1'])
})

it('works without a damaged file, and never overwrites it', () => {
  change({ 'box.name': 'One' })
  const path = join(folder, 'data', settingsFile)
  writeFileSync(path, '{"v":1')
  const { config, misfits } = open()
  expect(config.box.name).toBe('Brook')
  expect(misfits[0]?.path).toBe(settingsFile)
  expect(change({ 'box.name': 'Two' }).ok).toBe(false)
  expect(readFileSync(path, 'utf8')).toBe('{"v":1')
})

it('keeps hashes of new passwords until the password file has them, and removes those of an undone device', () => {
  const set = { 'devices.b-1': { id: 'b-1', kind: 'button' } }
  open().centre.changeSettings({ by: 'li', what: 'x', atMs: 1, set, passwords: { 'b-1': 'scrypt$x' } })
  const { settings } = open().centre
  expect(settings.passwords).toEqual({ 'b-1': 'scrypt$x' })
  settings.passwordsPlaced()
  expect(open().centre.settings.passwords).toEqual({})
  open().centre.undoSettings(1, 'li', 2)
  expect(open().centre.settings.passwords).toEqual({ 'b-1': null })
})

it('bounds its versions', () => {
  const { centre } = open()
  for (let n = 0; n < versionsMax + 5; n++)
    centre.changeSettings({ by: 'li', what: 'x', atMs: n, set: { 'box.name': `name ${n}` } })
  const { versions, last } = open().centre.settings.document
  expect([versions.length, last, versions[0]?.n]).toEqual([versionsMax, versionsMax + 5, 6])
}, 60_000)

it('gives way to the name that the centre gave the box', () => {
  writeConfig({ box: { id: 'new-box', name: 'New box' } })
  change({ 'box.id': '320612104201-1', 'box.name': 'Chosen' })
  expect(open().config.box).toMatchObject({ id: '320612104201-1', name: 'Chosen' })
})
