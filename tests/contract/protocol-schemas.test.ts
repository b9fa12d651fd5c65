// Device makers validate against the committed JSON Schemas: they must be current, and agree with the parser.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseDeviceEvent } from '../../protocols/device-mqtt/device-event.ts'
import { deviceEventSchema } from '../../protocols/schemas/device-event-schema.ts'
import { createJsonSchemas } from '../../protocols/schemas/json-schemas.ts'

const folder = join(import.meta.dirname, '../../protocols/schemas')

test('the committed schemas are the ones that the code makes; `npm run schemas` writes them', () => {
  const committed = readdirSync(folder).filter((name) => name.endsWith('.json'))
  const made = createJsonSchemas()
  expect(committed.sort()).toEqual([...made.keys()].map((name) => `${name}.json`).sort())
  for (const [name, text] of made) expect(readFileSync(join(folder, `${name}.json`), 'utf8')).toBe(text)
})

test('the schema of the device event takes what the parser takes whole, and refuses what it sets aside', () => {
  const readings = ['contact', 'button', 'waterLevelMm', 'motion', 'smoke', 'gas', 'leak', 'tamper', 'mains']
  const numbers = ['batteryPercent', 'signalDbm', 'temperatureC', 'at', 'anything']
  const values = [
    'open',
    'closed',
    'pressed',
    'held',
    'double',
    'duress',
    'on',
    'off',
    '',
    true,
    false,
    0,
    -1.5,
    null,
  ]
  const event = fc.tuple(
    fc.oneof(fc.constantFrom<unknown>('7-42', 'x y', '', 7, null, '七', 'x'.repeat(65)), fc.string()),
    fc.dictionary(fc.constantFrom(...readings, ...numbers), fc.constantFrom<unknown>(...values), {
      maxKeys: 3,
    }),
  )
  let taken = 0
  fc.assert(
    fc.property(event, ([id, rest]) => {
      const message = { id, ...rest }
      const parsed = parseDeviceEvent('d', Buffer.from(JSON.stringify(message)))
      const isParsed = parsed.ok && !parsed.value.setAside
      if (isParsed) taken++
      expect(deviceEventSchema.safeParse(message).success).toBe(isParsed)
    }),
    { numRuns: 5000 },
  )
  expect(taken).toBeGreaterThan(200)
})
