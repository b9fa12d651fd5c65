// Of two boxes that use one code at the same moment, does one get a certificate; and does a failure of storage leave nothing half done?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { createAuthority, openAuthority, readBoxRequest } from '../../../../centre/enrolment/authority.ts'
import { BoxEnrolment } from '../../../../centre/enrolment/box-enrolment.ts'
import { openSqliteStorage } from '../../../../centre/storage/sqlite/sqlite-storage.ts'
import { createRequest, createKey } from '../../../../gateway/config/enrolment/box-request.ts'
import { codeId, codeKey, proofOf } from '../../../../platform/certificates/enrolment-proof.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { createSeededRandom } from '../../../../protocols/kit/random.ts'

async function open() {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-codes-'))
  const clock = new VirtualClock()
  const storage = await openSqliteStorage(join(folder, 'centre.db'), clock.wallMs())
  onTestFinished(async () => {
    await storage.close()
    rmSync(folder, { recursive: true })
  })
  const files = await createAuthority('Town', clock.wallMs())
  const enrolment = new BoxEnrolment({
    authority: await openAuthority(files.certificate, files.key),
    settings: { centreUrl: 'https://t.example', uplinkUrl: 'mqtts://t.example', codeMs: 60_000, lifeMs: 9e9 },
    storage,
    clock,
    random: createSeededRandom(1),
    logger: pino({ level: 'silent' }),
  })
  await enrolment.start()
  return { enrolment, storage, clock }
}

async function asking(code: string) {
  const { pem, der } = await createRequest(createKey())
  return { id: codeId(code), request: pem, proof: proofOf(codeKey(code), der) }
}

it('one of two boxes with the same code gets a certificate', async () => {
  const { enrolment, storage } = await open()
  const made = await enrolment.makeCode('upper-brook', undefined, 'li')
  const requests = await Promise.all([asking(made?.code ?? ''), asking(made?.code ?? '')])
  const answers = await Promise.all(requests.map((one) => enrolment.enrol(one)))
  expect(answers.filter((answer) => answer === 'no-code')).toHaveLength(1)
  expect(await storage.certificates('upper-brook', 10)).toHaveLength(1)
})

it('what it revoked it knows again after a restart, until the certificate has ended by itself', async () => {
  const { enrolment, storage, clock } = await open()
  const made = await enrolment.makeCode('upper-brook', undefined, 'li')
  await enrolment.enrol(await asking(made?.code ?? ''))
  let isCut = false
  enrolment.onRevoked(() => (isCut = true))
  const [serial = ''] = await enrolment.revoke('upper-brook', 'li')
  expect([isCut, enrolment.isRevoked([serial])]).toEqual([true, true])
  expect(await storage.revokedCertificates(clock.wallMs())).toEqual([serial])
  expect(await storage.revokedCertificates(clock.wallMs() + 1e10)).toEqual([])
})

it('takes no request that is not signed with its own key, or is none at all', async () => {
  const { pem } = await createRequest(createKey())
  expect((await readBoxRequest(pem)).ok).toBe(true)
  const der = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
  der[der.length - 3] = (der.at(-3) ?? 0) ^ 1
  for (const other of [
    '',
    'x',
    `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----`,
  ])
    expect((await readBoxRequest(other)).ok).toBe(false)
})
