// The authorities of this centre's boxes: one, or two while the authority is changed. The newer one signs; certificates of both count until
// the older one ends. The files of the newer one lie beside those of the older one, with the ending `.next`.
import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { parseAuthorities } from '../../platform/certificates/certificate-check.ts'
import { nextOf } from '../../platform/certificates/next-file.ts'
import type { AuthorityStatement } from '../../protocols/enrolment/messages.ts'
import { openAuthority, readIssued, type Authority } from './authority.ts'

export interface AuthorityFiles {
  certFile: string
  keyFile: string
}

/** Whether this key is that of the certificate. */
export const isPair = (certificatePem: string, keyPem: string): Promise<boolean> =>
  openAuthority(certificatePem, keyPem).then(
    () => true,
    () => false,
  )

export interface AuthoritySet extends Authority {
  /** What boxes have to know to follow a change: signed by the authority that signs now. */
  statement: AuthorityStatement
}

/** Throws when neither pair of files is an authority. */
export async function openAuthorities({ certFile, keyFile }: AuthorityFiles): Promise<AuthoritySet> {
  const [own, key] = [readFileSync(certFile, 'utf8'), readFileSync(keyFile, 'utf8')]
  const next = readNext({ certFile, keyFile })
  if (!next) return setOf(await openAuthority(own, key), [], undefined)
  const [nextPem = '', cross] = parseAuthorities(next.certificate).map((one) => one.toString())
  const signing = await openAuthority(nextPem, next.key)
  const old = parseAuthorities(own)[0]?.toString() ?? own
  // The last step of an end was cut off: the files are those of the next one already.
  const isEnded = new X509Certificate(old).fingerprint256 === new X509Certificate(nextPem).fingerprint256
  return setOf(signing, isEnded ? [] : [old], isEnded ? undefined : cross)
}

function readNext({ certFile, keyFile }: AuthorityFiles): { certificate: string; key: string } | undefined {
  const [certificate, key] = [nextOf(certFile), nextOf(keyFile)]
  if (!existsSync(certificate) || !existsSync(key)) return undefined
  return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') }
}

function setOf(signing: Authority, older: readonly string[], cross: string | undefined): AuthoritySet {
  const authorities = [signing.pem, ...older]
  const text = JSON.stringify({ v: 1, authorities })
  return {
    ...signing,
    pem: authorities.join(''),
    nameIn: (pem) => {
      const given = signing.nameIn(pem)
      if (given) return given
      for (const one of older) {
        const found = readIssued(new X509Certificate(one), pem)
        if (found) return found
      }
      return undefined
    },
    statement: {
      statement: text,
      signature: signing.prove(text),
      ...(cross === undefined ? {} : { cross }),
    },
  }
}
