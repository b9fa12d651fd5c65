// The registry on disk: it lies beside the file, survives a restart, and a part of it that fits the file no more is left out alone.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { CentreChanges, type OpenedConfig } from '../../../../gateway/config/centre-changes.ts'
import { registryFile } from '../../../../gateway/config/device-registry.ts'
import type { RegistryRequest } from '../../../../gateway/config/registry-changes.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-registry-'))
  file = join(folder, 'gateway.yaml')
  writeConfig()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function writeConfig(more: object = {}): void {
  writeFileSync(
    file,
    stringify({
      box: { id: 'upper-brook' },
      dataDir: 'data',
      mqtt: { listeners: [{ host: '127.0.0.1', port: 0 }] },
      bridges: [{ id: 'z2m', dialect: 'zigbee2mqtt' }],
      zones: [{ id: 'shop' }],
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

function change(request: RegistryRequest): ReturnType<CentreChanges['changeDevices']> {
  const { config, centre } = open()
  const knocking = 'address' in request ? [request.address] : []
  return centre.changeDevices(request, {
    devices: config.devices,
    inFile: centre.idsInFile(),
    idOf: String,
    knocking,
  })
}

const adopt = (id: string, zone: string): RegistryRequest => ({
  do: 'adopt',
  address: id,
  by: 'li',
  entry: { kind: 'button', zone },
})

it('counts from the next start on, and leaves the file of the installer as it is', () => {
  const before = readFileSync(file, 'utf8')
  expect(change(adopt('b-1', 'shop')).ok).toBe(true)
  expect(change({ do: 'rename', device: 'door-1', name: '前门', by: 'li' }).ok).toBe(true)
  expect(open().config.devices).toMatchObject([
    { id: 'door-1', name: '前门', zone: 'shop' },
    { id: 'b-1', kind: 'button', zone: 'shop' },
  ])
  expect(open().registry.news.map(({ do: what, device }) => `${what} ${device}`)).toEqual([
    'adopt b-1',
    'rename door-1',
  ])
  expect(readFileSync(file, 'utf8')).toBe(before)
})

it('refuses a change with which the configuration would not be valid, and writes nothing', () => {
  const refused = change(adopt('b-1', 'no-such-zone'))
  expect(refused.ok ? '' : refused.problems[0]?.message).toContain('no-such-zone')
  expect(() => readFileSync(join(folder, 'data', registryFile))).toThrow('ENOENT')
})

it('leaves out what does not fit the file any more, names it, and keeps the rest', () => {
  expect(change(adopt('b-1', 'shop')).ok).toBe(true)
  writeConfig({ zones: [{ id: 'shop' }, { id: 'hall' }] })
  expect(change(adopt('b-2', 'hall')).ok).toBe(true)
  writeConfig()
  const { config, misfits } = open()
  expect(config.devices.map(({ id }) => id)).toEqual(['door-1', 'b-1'])
  expect(misfits.map(({ path }) => path)).toEqual([`${registryFile} b-2`])
})

it('stands over what the centre put in place of the devices', () => {
  expect(change({ do: 'rename', device: 'door-1', name: '前门', by: 'li' }).ok).toBe(true)
  const { centre } = open()
  expect(centre.propose('c1', { devices: [{ id: 'door-1', kind: 'contact' }, { id: 'door-2' }] }).ok).toBe(
    true,
  )
  expect(open().config.devices).toMatchObject([{ id: 'door-1', name: '前门' }, { id: 'door-2' }])
})

it('is not written over when the flash has spoilt it, and the box starts without it', () => {
  expect(change(adopt('b-1', 'shop')).ok).toBe(true)
  const path = join(folder, 'data', registryFile)
  writeFileSync(path, readFileSync(path).subarray(0, 40))
  const { config, misfits } = open()
  expect(config.devices.map(({ id }) => id)).toEqual(['door-1'])
  expect(misfits[0]?.message).toContain('damaged')
  expect(change(adopt('b-2', 'shop')).ok).toBe(false)
})
