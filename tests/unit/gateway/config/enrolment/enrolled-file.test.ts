// Does an enrolled box use what its centre gave it, where its file says nothing else; and is a certificate renewed in time, once?
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { parseGatewayConfig } from '../../../../../gateway/config/config.ts'
import {
  placeEnrolledFiles,
  readAskedKey,
  readEnrolled,
  writeAskedKey,
  writeEnrolled,
  type Enrolled,
} from '../../../../../gateway/config/enrolment/enrolled-file.ts'
import { startRenewal } from '../../../../../gateway/config/enrolment/renewal.ts'
import { VirtualClock } from '../../../../../protocols/kit/clock.ts'
import { bad, ok } from '../../../../../protocols/kit/result.ts'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'gengfu-enrolled-'))
})
afterEach(() => rmSync(dataDir, { recursive: true }))

const enrolled: Enrolled = {
  v: 1,
  box: '320612104201-1',
  name: '上溪',
  certificate: 'CERTIFICATE\n',
  authority: 'AUTHORITY\n',
  uplinkUrl: 'mqtts://town.example:8883',
  centreUrl: 'https://town.example',
  key: 'KEY\n',
  renewAtMs: 1000,
}
const config = (box: string, more = '') =>
  parseGatewayConfig(
    `${box}\ndataDir: ${dataDir}\nmqtt: { listeners: [{ host: 127.0.0.1, port: 0 }] }\n${more}`,
    '/',
  )

it('a box that was just installed takes its name, its certificate and the way to the centre', () => {
  writeEnrolled(dataDir, enrolled)
  const paths = placeEnrolledFiles(dataDir, enrolled)
  expect(config('box: { id: new-box, name: New box }')).toMatchObject({
    value: {
      box: { id: enrolled.box, name: '上溪' },
      uplink: { url: enrolled.uplinkUrl, ...paths, heartbeatSeconds: 30 },
    },
  })
  expect(readFileSync(paths.certFile, 'utf8')).toBe('CERTIFICATE\nKEY\n')
  expect(statSync(paths.keyFile).mode & 0o777).toBe(0o600)
})

it('a section without an address is no way to a centre, and takes the address of the enrolment', () => {
  const section = 'uplink: { heartbeatSeconds: 20 }'
  const alone = config('box: { id: new-box }', section)
  expect(alone.ok && [alone.value.uplink]).toEqual([undefined])
  expect(config('box: { id: new-box }', 'uplink: { heartbeatSeconds: 99 }').ok).toBe(false)
  writeEnrolled(dataDir, enrolled)
  expect(config('box: { id: new-box }', section)).toMatchObject({
    value: { uplink: { url: enrolled.uplinkUrl, heartbeatSeconds: 20 } },
  })
})

it('what a person wrote stays, and a file of another box is refused', () => {
  writeEnrolled(dataDir, enrolled)
  expect(
    config(
      `box: { id: ${enrolled.box}, name: Ours }`,
      'uplink: { url: "mqtts://county.example:1", heartbeatSeconds: 20 }',
    ),
  ).toMatchObject({
    value: { box: { name: 'Ours' }, uplink: { url: 'mqtts://county.example:1', heartbeatSeconds: 20 } },
  })
  expect(config('box: { id: 320612104999-1 }')).toMatchObject({ problems: [{ path: 'box.id' }] })
})

it('without an enrolment nothing changes, and a spoilt one is named', () => {
  expect(config('box: { id: a-box }')).toMatchObject({ value: { box: { id: 'a-box' } } })
  writeAskedKey(dataDir, 'code', 'KEY\nOF THE BOX\n')
  expect(readAskedKey(dataDir, 'code')).toBe('KEY\nOF THE BOX\n')
  expect(readAskedKey(dataDir, 'another code')).toBeUndefined()
  expect(readEnrolled(dataDir)).toBeUndefined()
  writeFileSync(join(dataDir, 'enrolment', 'enrolled.json'), '{"v":1')
  expect(config('box: { id: a-box }').ok).toBe(false)
})

it('a power cut between a renewal and the files for TLS leaves a box that connects with the renewed certificate', () => {
  placeEnrolledFiles(dataDir, enrolled)
  writeEnrolled(dataDir, { ...enrolled, certificate: 'RENEWED\n', key: 'NEXT\n' })
  startRenewal({
    dataDir,
    clock: new VirtualClock(),
    isClockKept: () => false,
    logger: pino({ level: 'silent' }),
  })()
  expect(readFileSync(join(dataDir, 'enrolment', 'box.pem'), 'utf8')).toBe('RENEWED\nNEXT\n')
})

it('a certificate is renewed at its time, again after a failure, and kept before it is used', async () => {
  writeEnrolled(dataDir, enrolled)
  const clock = new VirtualClock()
  let isKept = false
  const renew = vi
    .fn<(old: Enrolled) => Promise<ReturnType<typeof ok<Enrolled>> | ReturnType<typeof bad>>>()
    .mockResolvedValueOnce(bad('no centre'))
    .mockResolvedValue(ok({ ...enrolled, key: 'NEXT\n', renewAtMs: 1e15 }))
  const stop = startRenewal({
    dataDir,
    clock,
    isClockKept: () => isKept,
    logger: pino({ level: 'silent' }),
    renew,
    ask: async () => bad('a centre of an older version'),
  })
  const hours = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      clock.advance(3_600_000)
      for (let turn = 0; turn < 5; turn++) await Promise.resolve()
    }
  }
  await hours(7)
  expect(renew).not.toHaveBeenCalled()
  isKept = true
  await hours(7)
  expect(renew).toHaveBeenCalledTimes(1)
  expect(readEnrolled(dataDir)).toMatchObject({ value: { key: 'KEY\n' } })
  await hours(24)
  expect(renew).toHaveBeenCalledTimes(2)
  expect(readEnrolled(dataDir)).toMatchObject({ value: { key: 'NEXT\n' } })
  expect(readFileSync(join(dataDir, 'enrolment', 'box.pem'), 'utf8')).toBe('CERTIFICATE\nNEXT\n')
  stop()
})
