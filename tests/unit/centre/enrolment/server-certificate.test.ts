// Is a listener's certificate issued anew for the same key and names, by the authority that counts?
import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { beginRotation, isIssuedBy } from '../../../../centre/enrolment/change-authority.ts'
import { renewServerCertificate } from '../../../../centre/enrolment/server-certificate.ts'
import { parseAuthorities } from '../../../../platform/certificates/certificate-check.ts'
import { nextOf } from '../../../../platform/certificates/next-file.ts'
import { createAuthority } from '../../../kits/broker/certificates.ts'

const dayMs = 86_400_000

test('the present authority signs alone; during a change the next one, with the certificate that the old one gave it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-server-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const at = (name: string): string => join(folder, name)
  const town = await createAuthority('Town')
  const server = await town.issueServer()
  const files = { certFile: at('ca.crt'), keyFile: at('ca.key') }
  writeFileSync(files.certFile, town.cert)
  writeFileSync(files.keyFile, town.key)
  writeFileSync(at('s.crt'), server.cert)
  const nowMs = Date.now()
  await renewServerCertificate(at('s.crt'), files, nowMs, 30)
  const [own, ...others] = parseAuthorities(readFileSync(at('s.crt'), 'utf8'))
  expect([others.length, isIssuedBy(at('s.crt'), town.cert)]).toEqual([0, true])
  expect(Date.parse(own?.validTo ?? '')).toBeLessThan(nowMs + 31 * dayMs)
  expect(own?.serialNumber).not.toBe(parseAuthorities(server.cert)[0]?.serialNumber)
  expect(own?.checkPrivateKey(createPrivateKey(server.key))).toBe(true)

  await beginRotation(files, [], nowMs, 365)
  // It lasts no longer than the authority that signs it.
  await renewServerCertificate(at('s.crt'), files, nowMs, 9999)
  const [leaf, cross] = parseAuthorities(readFileSync(at('s.crt'), 'utf8'))
  expect(isIssuedBy(at('s.crt'), readFileSync(nextOf(files.certFile), 'utf8'))).toBe(true)
  expect([leaf?.ca, cross?.ca, cross?.issuer]).toEqual([false, true, 'CN=Town'])
  expect(Date.parse(leaf?.validTo ?? '')).toBeLessThan(nowMs + 366 * dayMs)
  expect(leaf?.subjectAltName).toBe(parseAuthorities(server.cert)[0]?.subjectAltName)
})
