// Of two boxes that use one code at the same moment, does one get a certificate; and does a failure of storage leave nothing half done?
import { sign } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { openAuthority, readBoxRequest } from '../../../../centre/enrolment/authority.ts'
import { BoxEnrolment } from '../../../../centre/enrolment/box-enrolment.ts'
import { openSqliteStorage } from '../../../../centre/storage/sqlite/sqlite-storage.ts'
import { createRequest, createKey } from '../../../../gateway/config/enrolment/box-request.ts'
import { codeId, codeKey, proofOf } from '../../../../platform/certificates/enrolment-proof.ts'
import { createAuthority } from '../../../kits/broker/certificates.ts'
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
  const files = await createAuthority('Town')
  const enrolment = new BoxEnrolment({
    authority: await openAuthority(files.cert, files.key),
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

it('a box that asks for certificates without end gets ten in a day', async () => {
  const { enrolment, storage, clock } = await open()
  const made = await enrolment.makeCode('upper-brook', undefined, 'li')
  const key = createKey()
  const { pem, der } = await createRequest(key)
  const code = made?.code ?? ''
  const first = await enrolment.enrol({ id: codeId(code), request: pem, proof: proofOf(codeKey(code), der) })
  if (typeof first === 'string') throw new Error(first)
  const { certificate } = JSON.parse(first.answer.issued) as { certificate: string }
  const renew = async () => {
    const next = await createRequest(createKey())
    const signature = sign('sha256', next.der, key).toString('base64')
    return enrolment.renew({ certificate, request: next.pem, signature })
  }
  const answers = []
  for (let i = 0; i < 12; i++) answers.push(await renew())
  expect(answers.filter((answer) => answer === 'certificate-over')).toHaveLength(3)
  expect(await storage.certificates('upper-brook', 100)).toHaveLength(10)
  clock.advance(86_400_001)
  expect(await renew()).toMatchObject({ box: 'upper-brook' })
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
