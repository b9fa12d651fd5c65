// Is a certificate that ends within thirty days an alarm, once, of a file as of a box, until a newer one is in its place?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { certificateSoonMs, CertificateWatch } from '../../../../centre/villages/certificate-watch.ts'
import { centreBox, type OwnSubject, type OwnWords } from '../../../../centre/villages/own-alarms.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { createAuthority, type TestAuthority } from '../../../kits/broker/certificates.ts'

const dayMs = 86_400_000
let folder: string
let certFile: string
let authority: TestAuthority
let clock: VirtualClock
let stands: Map<string, OwnWords>
let watch: CertificateWatch
let registry: Registry

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-certificates-'))
  certFile = join(folder, 'desk.crt')
  authority = await createAuthority()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const put = async (days: number): Promise<void> => {
  const notAfter = new Date(Date.now() + days * dayMs)
  writeFileSync(certFile, (await authority.issueServer(undefined, { notAfter })).cert)
}

beforeEach(async () => {
  await put(20)
  clock = new VirtualClock(Date.now())
  stands = new Map()
  registry = new Registry()
  watch = new CertificateWatch({
    config: { http: { tls: { certFile } }, uplink: { listeners: [{ port: 8883, tls: undefined }] } },
    alarms: {
      set: ({ box, variant }: OwnSubject, words) => {
        if (words) stands.set(`${box} ${variant ?? ''}`, words)
        else stands.delete(`${box} ${variant ?? ''}`)
      },
      standing: () =>
        [...stands.keys()].map((key) => {
          const [box = '', variant = ''] = key.split(' ')
          return { box, kind: 'certificate-expires' as const, ...(variant === '' ? {} : { variant }) }
        }),
    },
    nameOf: (box) => `village ${box}`,
    clock,
    logger: pino({ level: 'silent' }),
    registry,
  })
})

it('raises for a file that ends soon, and ends it when a newer one is there', async () => {
  watch.look()
  expect([...stands.keys()]).toEqual([`${centreBox.id} desk`])
  expect(watch.soon).toMatchObject([{ use: 'desk', name: { en: 'the desk' } }])
  await put(300)
  watch.look()
  expect([stands.size, watch.soon]).toEqual([0, []])
})

it('judges a later day without a change of the file', async () => {
  await put(300)
  watch.start()
  expect(stands.size).toBe(0)
  clock.leap(280 * dayMs)
  expect([...stands.keys()]).toEqual([`${centreBox.id} desk`])
  watch.stop()
})

it('keeps the last content of a file that can not be read', () => {
  watch.look()
  rmSync(certFile)
  watch.look()
  expect(stands.size).toBe(1)
})

it('ends the alarm of a listener that is in the configuration no more', () => {
  stands.set(`${centreBox.id} uplink-0`, { colour: 'yellow', text: { zh: '旧', en: 'old' } })
  watch.look()
  expect([...stands.keys()]).toEqual([`${centreBox.id} desk`])
})

it('watches the certificates that boxes show, by name, and shows the earliest end as a figure', async () => {
  const endsAtMs = clock.wallMs() + certificateSoonMs
  watch.seen('box-a', endsAtMs + 1)
  expect(stands.size).toBe(0)
  watch.seen('box-b', endsAtMs - 1)
  expect(stands.get('box-b ')?.text.en).toContain('village box-b')
  watch.seen('box-b', endsAtMs + dayMs)
  expect(stands.size).toBe(0)
  expect(await registry.getSingleMetricAsString('gengfu_centre_certificate_ends_seconds')).toContain(
    `use="boxes"} ${(endsAtMs + 1) / 1000}`,
  )
})
