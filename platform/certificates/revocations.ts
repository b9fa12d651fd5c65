// The revoked certificates: a list of serial numbers or fingerprints, or a CRL. Not passed to OpenSSL, which would
// refuse every device once the CRL is past its date.
import { readFile } from 'node:fs/promises'
import { normalMark } from './certificate-check.ts'

export class Revocations {
  readonly #file: string | undefined
  #marks = new Set<string>()

  constructor(file: string | undefined) {
    this.#file = file
  }

  /** Reads the file (again); rejects when it can not be read, and then keeps the last content. */
  async load(): Promise<void> {
    if (this.#file !== undefined) this.#marks = await parseRevocations(await readFile(this.#file, 'utf8'))
  }

  has(marks: readonly string[]): boolean {
    return marks.some((mark) => this.#marks.has(mark))
  }
}

/** A PEM CRL gives its serial numbers; otherwise one mark per line, `#` starts a comment. */
export async function parseRevocations(text: string): Promise<Set<string>> {
  const crl = /-----BEGIN (?:X509 )?CRL-----([\s\S]+?)-----END/.exec(text)?.[1]
  if (crl !== undefined) {
    // Loaded only if there is a CRL.
    await import('reflect-metadata')
    const { X509Crl } = await import('@peculiar/x509')
    return new Set(
      new X509Crl(Buffer.from(crl, 'base64')).entries.map(({ serialNumber }) => normalMark(serialNumber)),
    )
  }
  const marks = text.split('\n').map((line) => normalMark(line.replace(/#.*/, '')))
  const unreadable = marks.find((mark) => !/^[0-9a-f]*$/.test(mark))
  if (unreadable !== undefined)
    throw new Error(`not a serial number or fingerprint: ${unreadable.slice(0, 80)}`)
  return new Set(marks.filter((mark) => mark !== ''))
}
