// A certificate checked without its dates: everything else about it must still be right.
import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isTrustedDateless } from '../../../../gateway/uplink/connect/dateless-trust.ts'
import { createAuthority } from '../../../kits/broker/certificates.ts'

describe('trust without dates', () => {
  it('asks for the right host, the right use and the right authority', async () => {
    const authority = await createAuthority()
    const other = await createAuthority()
    const server = new X509Certificate((await authority.issueServer()).cert)
    const device = new X509Certificate((await authority.issueDevice('door-1')).cert)
    expect(isTrustedDateless(server, '127.0.0.1', authority.cert)).toBe(true)
    expect(isTrustedDateless(server, '127.0.0.1', `${other.cert}\n${authority.cert}`)).toBe(true)
    expect(isTrustedDateless(server, '127.0.0.2', authority.cert)).toBe(false)
    expect(isTrustedDateless(server, 'centre.example', authority.cert)).toBe(false)
    expect(isTrustedDateless(device, '127.0.0.1', authority.cert)).toBe(false)
    // The same name as the right authority, another key.
    expect(isTrustedDateless(server, '127.0.0.1', other.cert)).toBe(false)
    expect(isTrustedDateless(server, '127.0.0.1', '')).toBe(false)
  })
})
