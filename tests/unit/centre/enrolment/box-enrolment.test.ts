// Of two boxes that use one code at the same moment, does one get a certificate; and does a failure of storage leave nothing half done?
import { sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { readBoxRequest } from '../../../../centre/enrolment/authority.ts'
import { openAuthorities } from '../../../../centre/enrolment/authority-set.ts'
import { BoxEnrolment } from '../../../../centre/enrolment/box-enrolment.ts'
import { SignedCertificates } from '../../../../centre/enrolment/signed-certificates.ts'
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
  const [certFile, keyFile] = [join(folder, 'town.crt'), join(folder, 'town.key')]
  writeFileSync(certFile, files.cert)
  writeFileSync(keyFile, files.key)
  const authority = await openAuthorities({ certFile, keyFile })
  const certificates = new SignedCertificates({ storage, clock, logger: pino({ level: 'silent' }) })
  await certificates.start()
  const enrolment = new BoxEnrolment({
    authority: () => authority,
    settings: { centreUrl: 'https://t.example', uplinkUrl: 'mqtts://t.example', codeMs: 60_000, lifeMs: 9e9 },
    storage,
    certificates,
    clock,
    random: createSeededRandom(1),
  })
  return { enrolment, certificates, storage, clock }
}

async function asking(code: string) {
  const { pem, der } = await createRequest(createKey())
  return { id: codeId(code), request: pem, proof: proofOf(codeKey(code), der) }
}

it('one of two boxes with the same code gets a certificate', async () => {
  const { enrolment, storage } = await open()
  const made = await enrolment.makeCode({ box: 'upper-brook', name: undefined }, 'li')
  const requests = await Promise.all([asking(made?.code ?? ''), asking(made?.code ?? '')])
  const answers = await Promise.all(requests.map((one) => enrolment.enrol(one)))
  expect(answers.filter((answer) => answer === 'no-code')).toHaveLength(1)
  expect((await storage.certificates({ box: 'upper-brook', limit: 10 })).rows).toHaveLength(1)
})

it('a box that asks for certificates without end gets ten in a day', async () => {
  const { enrolment, storage, clock } = await open()
  const made = await enrolment.makeCode({ box: 'upper-brook', name: undefined }, 'li')
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
  expect((await storage.certificates({ limit: 100 })).rows).toHaveLength(10)
  clock.advance(86_400_001)
  expect(await renew()).toMatchObject({ box: 'upper-brook' })
})

it('a box that was shut out stays so, whatever the clock says at the next start, and its open code ends', async () => {
  const { enrolment, certificates, storage, clock } = await open()
  const made = await enrolment.makeCode({ box: 'upper-brook', name: undefined }, 'li')
  await enrolment.enrol(await asking(made?.code ?? ''))
  const next = await enrolment.makeCode({ box: 'upper-brook', name: undefined }, 'li')
  let isCut = false
  certificates.onRevoked(() => (isCut = true))
  const [serial = ''] = await certificates.revoke('upper-brook', 'li')
  expect([isCut, certificates.isRevoked([serial])]).toEqual([true, true])
  expect(await enrolment.enrol(await asking(next?.code ?? ''))).toBe('no-code')
  clock.stepWall(1e12)
  const again = new SignedCertificates({ storage, clock, logger: pino({ level: 'silent' }) })
  await again.start()
  expect(again.isRevoked([serial])).toBe(true)
})

it('a certificate that has ended is not renewed', async () => {
  const { enrolment, clock } = await open()
  const made = await enrolment.makeCode({ box: 'upper-brook', name: undefined }, 'li')
  const key = createKey()
  const { pem, der } = await createRequest(key)
  const code = made?.code ?? ''
  const first = await enrolment.enrol({ id: codeId(code), request: pem, proof: proofOf(codeKey(code), der) })
  if (typeof first === 'string') throw new Error(first)
  const { certificate } = JSON.parse(first.answer.issued) as { certificate: string }
  const next = await createRequest(createKey())
  const asked = {
    certificate,
    request: next.pem,
    signature: sign('sha256', next.der, key).toString('base64'),
  }
  clock.stepWall(9e9 + 1000)
  expect(await enrolment.renew(asked)).toBe('certificate-over')
})

it('pages of codes and certificates leave out other villages, and nothing of the own', async () => {
  const { enrolment, storage, clock } = await open()
  for (let i = 0; i < 6; i++)
    await enrolment.makeCode({ box: `32061210420${i % 2}-${i}`, name: undefined }, 'li')
  const seen: string[] = []
  for (let before: number | undefined; ;) {
    const page = await storage.enrolments({ scope: ['320612104201'], limit: 1, before })
    seen.push(...page.rows.map(({ box }) => box))
    if (page.next === undefined) break
    before = page.next
  }
  expect(seen).toEqual(['320612104201-5', '320612104201-3', '320612104201-1'])
  expect(await storage.endEnrolment(1, ['320612104201'], clock.wallMs())).toBe(false)
  expect(await storage.endEnrolment(1, ['320612104200'], clock.wallMs())).toBe(true)
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
