// Is the reference of the configuration in the handbook complete, and does it say what the keys mean?
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createReference, referenceFile } from '../../../deploy/config-reference.ts'

const reference = createReference()

it('is as the schemas are now: run `npm run schemas` after a change of a key', () => {
  expect(readFileSync(referenceFile, 'utf8')).toBe(reference)
})

it.each([
  '| `bridges[].modbus.units[].registers[].order` | `ABCD` `CDAB` `BADC` `DCBA` | `"ABCD"` | Byte order',
  '| `push.port` | 0 … 65535 | `8090` |',
  '| `devices[].water.historicMm` | -100000 … 1000000 |  | Historic maximum',
  '| `zones[].place.plan.x` | 0 … 1 | **required 必填** |',
  '| `zones[].noActivity.hours` | 1 … 168 | **required 必填** |',
  '| `cameras[].zone` | text 文本 或 or list 列表 ≤ 16: text 文本 | **required 必填** |',
  '| `limits.chatterWindowS` | 1 … 3600 | `600` |',
  '| `cases.redAcceptances` | `1` 或 or `2` | `1` | Two people',
  '| `cases.night[].weekdays` | list 列表 ≤ 7: 1 … 7 |',
  '| `logLevel` | `trace` `debug` `info` `warn` `error` `silent` | `"info"` |',
  '| `accounts.oidc.issuer` | text 文本 | **required 必填** |',
])('has %s', (row) => {
  expect(reference).toContain(row)
})
