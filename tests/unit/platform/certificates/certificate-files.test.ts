// Are certificate and key files that would not work named before the start?
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  checkCertificateFiles,
  type CertificateFiles,
} from '../../../../platform/certificates/certificate-files.ts'
import { createAuthority } from '../../../kits/broker/certificates.ts'

let folder: string
const at = (name: string): string => join(folder, name)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gengfu-pairs-'))
  const authority = await createAuthority()
  const [own, other] = [
    await authority.issueDevice('stone-bridge-1'),
    await authority.issueDevice('upper-brook'),
  ]
  const files = {
    'ca.crt': authority.cert,
    'own.crt': own.cert,
    'own.key': own.key,
    'other.crt': other.cert,
    'other.key': other.key,
    'text.crt': 'x',
    'chain.crt': `${own.cert}\n${authority.cert}`,
    'turned.crt': `${authority.cert}\n${own.cert}`,
  }
  for (const [name, text] of Object.entries(files)) await writeFile(at(name), text)
})
afterAll(() => rm(folder, { recursive: true }))

const good = (): CertificateFiles => ({
  path: 'uplink',
  certFile: at('own.crt'),
  keyFile: at('own.key'),
  caFile: at('ca.crt'),
  name: 'stone-bridge-1',
})
const now = Date.now()

describe('checkCertificateFiles', () => {
  it('finds nothing wrong with a pair that fits', () => {
    expect(checkCertificateFiles(good(), now)).toEqual([])
    expect(checkCertificateFiles({ path: 'uplink' }, now)).toEqual([])
    expect(checkCertificateFiles({ ...good(), certFile: at('chain.crt') }, now)).toEqual([])
  })

  it.each([
    [
      'the certificate of another box',
      { certFile: 'other.crt', keyFile: 'other.key' },
      'certFile',
      /"upper-brook", not for box\.id "stone-bridge-1"/,
    ],
    ['a key that does not fit', { keyFile: 'other.key' }, 'keyFile', /does not fit/],
    [
      'a chain in the wrong order',
      { certFile: 'turned.crt' },
      'certFile',
      /the certificate of the key comes first/,
    ],
    ['a certificate where the key should be', { keyFile: 'own.crt' }, 'keyFile', /not a private key/],
    ['a file that is no certificate', { certFile: 'text.crt' }, 'certFile', /not a certificate/],
    ['a file that is not there', { caFile: 'no.crt' }, 'caFile', /no\.crt is not there/],
    ['a certificate that is no authority', { caFile: 'own.crt' }, 'caFile', /no certificate of an authority/],
  ])('names %s', (_name, change, key, words) => {
    const files = Object.fromEntries(Object.entries(change).map(([one, name]) => [one, at(name)]))
    const problems = checkCertificateFiles({ ...good(), ...files }, now)
    expect(problems).toEqual([{ path: `uplink.${key}`, message: expect.stringMatching(words) as string }])
  })

  it('names what has ended, unless the clock is not known', () => {
    const inAHundredYears = now + 100 * 366 * 86_400_000
    const paths = checkCertificateFiles(good(), inAHundredYears).map(({ path }) => path)
    expect(paths).toEqual(['uplink.certFile', 'uplink.caFile'])
    expect(checkCertificateFiles(good(), undefined)).toEqual([])
  })
})
