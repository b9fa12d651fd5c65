// Are bridges and devices with a dialect the senders, and does a mapping that can not be read stop the start?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sendersOf } from '../../../../../gateway/dialects/box/senders-of.ts'

it('lists bridges with their codec, and devices that connect by themselves', () => {
  const senders = sendersOf({
    bridges: [
      { id: 'zigbee', dialect: 'zigbee2mqtt', base: 'z' },
      { id: 'plc', dialect: 'modbus', modbus: { units: [{ unit: 1 }] } },
      { id: 'rain', dialect: 'sl651', sl651: { password: 'p' } },
      { id: 'fleet', dialect: 'mapping', mapping: 'usr' },
    ],
    devices: [{ id: 'plug', dialect: 'tasmota' }, { id: 'button' }],
  } as never)
  expect(senders.map(({ id, isDevice }) => [id, isDevice])).toEqual([
    ['zigbee', false],
    ['plc', false],
    ['rain', false],
    ['fleet', false],
    ['plug', true],
  ])
  expect(senders[1]?.modbus).toEqual([{ unit: 1 }])
  expect([senders[2]?.isListedOnly, senders[2]?.password, senders[0]?.isListedOnly]).toEqual([
    true,
    'p',
    false,
  ])
  expect(senders[3]?.codec).toBe('usr')
})

it('reports the place of what is wrong in a mapping file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-mapping-'))
  try {
    const mappingFile = join(folder, 'mapping.json')
    writeFileSync(mappingFile, '{"unknown":1}')
    const bridges = [{ id: 'fleet', dialect: 'mapping', mappingFile }]
    expect(() => sendersOf({ bridges, devices: [] } as never)).toThrow(mappingFile)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
