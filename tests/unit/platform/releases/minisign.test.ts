// Is a file of minisign taken exactly when its signer is trusted and neither file, signature nor trusted comment was changed?
// The vectors are those that libraries of minisign publish; the peer is Debian's own program.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  parseMinisignKeys,
  verifyMinisign,
  type MinisignKey,
} from '../../../../platform/releases/minisign.ts'

const publicKey = 'RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3'
const signature = `untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1556193335\tfile:test
y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==
`
const legacy = `untrusted comment: signature from minisign secret key
RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJbq71Wi+dP9eKL8OC351vwIasSSbXxwA=
trusted comment: timestamp:1555779966\tfile:test
QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/VqE81QFuMKI5k/SfNQUaOAA==
`
const file = Buffer.from('test')

function keysOf(text: string): MinisignKey[] {
  const parsed = parseMinisignKeys(text)
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message)
  return parsed.value
}
const messageOf = (bytes: Uint8Array, text: string, keys = keysOf(publicKey)): string | undefined => {
  const checked = verifyMinisign(keys, bytes, text)
  return checked.ok ? undefined : checked.problems[0]?.message
}

describe('the published vector', () => {
  it('is taken, with its trusted comment and the id of its key', () => {
    expect(verifyMinisign(keysOf(publicKey), file, signature)).toEqual({
      ok: true,
      value: { keyId: 'E7620F1842B4E81F', trustedComment: 'timestamp:1556193335\tfile:test' },
    })
  })

  it('is taken with line ends of Windows, and with a comment above the key', () => {
    const keys = keysOf(`untrusted comment: minisign public key\r\n${publicKey}\r\n`)
    expect(messageOf(file, signature.replaceAll('\n', '\r\n'), keys)).toBeUndefined()
  })

  it('is refused for another file', () => {
    expect(messageOf(Buffer.from('Test'), signature)).toContain('does not fit')
  })

  it('is refused when only the trusted comment was changed', () => {
    expect(messageOf(file, signature.replace('file:test', 'file:rest'))).toContain('trusted comment')
  })

  it('is refused without BLAKE2b, with words on what to do', () => {
    expect(messageOf(file, legacy)).toContain('minisign 0.11')
  })

  it('is refused when another key is trusted', () => {
    expect(messageOf(file, signature, [])).toContain('E7620F1842B4E81F')
  })

  it('any bit changed in a signature is refused', () => {
    const lines = signature.split('\n')
    for (const line of [1, 3]) {
      const bytes = Buffer.from(lines[line] ?? '', 'base64')
      // The two bytes of the algorithm and the id say what to check; the rest is what is checked.
      for (let at = line === 1 ? 10 : 0; at < bytes.length; at += 7) {
        const changed = Buffer.from(bytes)
        changed[at] = (changed[at] ?? 0) ^ 1
        const text = lines.with(line, changed.toString('base64')).join('\n')
        expect(messageOf(file, text)).toBeDefined()
      }
    }
  })
})

it('never throws, whatever the texts are', () => {
  const keys = keysOf(publicKey)
  fc.assert(
    fc.property(fc.string(), fc.uint8Array(), (text, bytes) => {
      parseMinisignKeys(text)
      expect(verifyMinisign(keys, bytes, text).ok).toBe(false)
      expect(verifyMinisign(keys, file, `${signature}${text.trim()}x`).ok).toBe(false)
    }),
  )
})

describe("Debian's minisign program", () => {
  const program = '/usr/bin/minisign'

  it('signs what is taken here, also beside another key', () => {
    expect(existsSync(program), 'minisign is installed by npm test').toBe(true)
    const folder = mkdtempSync(join(tmpdir(), 'gengfu-minisign-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const at = (name: string): string => join(folder, name)
    const run = (...args: string[]): string =>
      // It asks for nothing: the key has no password.
      execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    run('-G', '-W', '-p', at('own.pub'), '-s', at('own.key'))
    writeFileSync(at('manifest.json'), '{"v":1}')
    run('-S', '-H', '-s', at('own.key'), '-m', at('manifest.json'), '-t', 'gengfu 1.2.0 amd64')
    const text = readFileSync(at('manifest.json.minisig'), 'utf8')
    const keys = keysOf(`${readFileSync(at('own.pub'), 'utf8')}${publicKey}\n`)
    expect(keys).toHaveLength(2)
    const checked = verifyMinisign(keys, readFileSync(at('manifest.json')), text)
    expect(checked).toMatchObject({ ok: true, value: { trustedComment: 'gengfu 1.2.0 amd64' } })
    expect(messageOf(Buffer.from('{"v":2}'), text, keys)).toContain('does not fit')
    expect(messageOf(readFileSync(at('manifest.json')), text)).toContain('does not trust')
  })
})
