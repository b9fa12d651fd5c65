// Signs bytes with SM2 and SM3 by OpenSSL's own program: Node signs without the identity of GM/T 0009, and receivers would refuse it.
import { spawn } from 'node:child_process'

/** The identity that GM/T 0009 fixes for signers without one of their own. */
const identity = '1234567812345678'
const outputBytesMax = 4096

export interface SignatureOptions {
  opensslCommand: string
  keyFile: string
  signature: 'raw' | 'der'
}

/** Base64. Rejects with the program's own words. */
export async function sm2Signature(
  { opensslCommand, keyFile, signature }: SignatureOptions,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<string> {
  const args = ['pkeyutl', '-sign', '-inkey', keyFile, '-rawin', '-digest', 'sm3']
  const der = await run(opensslCommand, [...args, '-pkeyopt', `distid:${identity}`], bytes, signal)
  const made = signature === 'der' ? der : rawOf(der)
  if (made === undefined) throw new Error(`${opensslCommand} has made no SM2 signature: is the key SM2?`)
  return made.toString('base64')
}

/** r and s, 32 bytes each; undefined for another structure. */
export function rawOf(der: Buffer): Buffer | undefined {
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return undefined
  const parts: Buffer[] = []
  let at = 2
  for (let turn = 0; turn < 2; turn++) {
    const length = der[at + 1] ?? 0
    const number = der.subarray(at + 2, at + 2 + length)
    if (der[at] !== 0x02 || length === 0 || number.length < length) return undefined
    const bare = number.subarray(Math.max(0, length - 32))
    if (length > 33 || (length === 33 && number[0] !== 0)) return undefined
    parts.push(Buffer.concat([Buffer.alloc(32 - bare.length), bare]))
    at += 2 + length
  }
  return at === der.length ? Buffer.concat(parts) : undefined
}

function run(command: string, args: string[], input: Uint8Array, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { signal, stdio: ['pipe', 'pipe', 'pipe'] })
    const parts: Buffer[] = []
    let bytes = 0
    let errors = ''
    child.on('error', (error) => reject(new Error(`${command}: ${error.message}`)))
    child.stdin.on('error', () => undefined)
    child.stdout.on('data', (part: Buffer) => {
      bytes += part.length
      if (bytes <= outputBytesMax) parts.push(part)
      else child.kill()
    })
    child.stderr.on('data', (part: Buffer) => (errors = (errors + part.toString()).slice(0, 300)))
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(parts))
      else reject(new Error(`${command} has not signed (${code ?? 'killed'}): ${errors.trim()}`))
    })
    child.stdin.end(input)
  })
}
