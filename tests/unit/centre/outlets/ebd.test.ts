// Is every emergency broadcast a package that tar opens, whose documents fit the schema and whose signature OpenSSL verifies over the bytes?
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { EbdSettings } from '../../../../centre/config/outlets/ebd-settings.ts'
import { checkOutlets } from '../../../../centre/config/outlets/outlet-settings.ts'
import { ebdDocument } from '../../../../centre/outlets/broadcast/ebd-document.ts'
import { createEbdOutlet } from '../../../../centre/outlets/broadcast/ebd-outlet.ts'
import { rawOf } from '../../../../centre/outlets/broadcast/sm2-signature.ts'
import { testMessage, type OutletMessage } from '../../../../platform/outlets/message.ts'
import { alarmKinds } from '../../../../protocols/domain/alarm.ts'
import { settingsOf } from './outlet-kit.ts'

const schema = fileURLToPath(new URL('../../../kits/ebd/ebd.xsd', import.meta.url))
const source = '43206120001030101010101'.padEnd(23, '0')
const never = new AbortController().signal
let folder: string
let settings: EbdSettings
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-ebd-'))
  const keyFile = join(folder, 'sm2.key')
  execFileSync('openssl', ['genpkey', '-algorithm', 'SM2', '-out', keyFile], { stdio: 'ignore' })
  execFileSync('openssl', ['pkey', '-in', keyFile, '-pubout', '-out', join(folder, 'sm2.pub')])
  settings = settingsOf({
    type: 'ebd',
    folder,
    source,
    senderName: '某镇 <指挥中心>',
    keyFile,
    certificateSerial: '00A1B2',
    signature: 'der',
  }) as EbdSettings
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const { isTest: _test, ...base } = testMessage('g-1', 1_772_000_000_000, 'centre')
const flood: OutletMessage = {
  ...base,
  number: 12,
  case: 'case-7',
  colour: 'red',
  isDrill: false,
  kind: 'water',
  village: '320612104201',
  villageName: '上溪村',
  place: { household: '张三 & <李四>', phone: '13800000000' },
}
const outletOf = (more: Partial<EbdSettings> = {}) =>
  createEbdOutlet({ settings: { ...settings, ...more }, utcOffsetMin: () => 480 })

const valuesOf = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map((found) => found[1] ?? '')

/** The two documents of the package, as tar takes them out. */
function opened(name: string): { document: string; signature: string; documentFile: string } {
  execFileSync('tar', ['-xf', join(folder, name), '-C', folder])
  const id = name.slice(5, -4)
  const documentFile = join(folder, `EBDB_${id}.xml`)
  return {
    documentFile,
    document: readFileSync(documentFile, 'utf8'),
    signature: readFileSync(join(folder, `EBDS_EBDB_${id}.xml`), 'utf8'),
  }
}

function isVerified(documentFile: string, signature: Buffer): boolean {
  const file = join(folder, 'signature')
  writeFileSync(file, signature)
  const args = ['pkeyutl', '-verify', '-pubin', '-inkey', join(folder, 'sm2.pub'), '-rawin', '-digest', 'sm3']
  const more = ['-pkeyopt', 'distid:1234567812345678', '-in', documentFile, '-sigfile', file]
  return spawnSync('openssl', [...args, ...more]).status === 0
}

const fits = (file: string): string =>
  spawnSync('xmllint', ['--noout', '--schema', schema, file], { encoding: 'utf8' }).stderr

it('writes a package that tar opens, with documents of the schema and a signature over the bytes', async () => {
  const answer = await outletOf().send([flood], never)
  const name = `EBDT_10${source}2026022500000012.tar`
  expect(answer).toEqual({ state: 'handed-over', words: name })
  const { document, signature, documentFile } = opened(name)
  for (const file of readdirSync(folder).filter((one) => one.endsWith('.xml')))
    expect(fits(join(folder, file))).toContain('validates')
  expect(valuesOf(document, 'EventType')).toEqual(['11A01'])
  expect(valuesOf(document, 'Severity')).toEqual(['1'])
  expect(valuesOf(document, 'AreaCode')).toEqual(['320612104201'])
  expect(valuesOf(signature, 'EBDID')).toEqual(valuesOf(document, 'EBDID'))
  const [value = ''] = valuesOf(signature, 'SignatureValue')
  expect(isVerified(documentFile, Buffer.from(value, 'base64'))).toBe(true)
  writeFileSync(documentFile, document.replace('<Severity>1', '<Severity>4'))
  expect(isVerified(documentFile, Buffer.from(value, 'base64'))).toBe(false)
})

it('names no person: what a street hears is the kind, the village and what to do', () => {
  for (const language of ['zh', 'en'] as const) {
    const options = { settings: { ...settings, language }, utcOffsetMin: () => 480 }
    const [words = ''] = valuesOf(ebdDocument(flood, options), 'MsgDesc')
    expect(words).toContain('上溪村')
    expect(words).not.toMatch(/张三|李四|138/)
  }
})

it('ends the broadcast that it began, and both keep their numbers at every attempt', () => {
  const options = { settings, utcOffsetMin: () => 480 }
  const [first] = valuesOf(ebdDocument(flood, options), 'EBMID')
  const over = ebdDocument({ ...flood, number: 13, step: 'over', atMs: flood.atMs + 86_400_000 }, options)
  expect(valuesOf(over, 'EBMID')[1]).toBe(first)
  expect(valuesOf(over, 'EBMID')[0]).not.toBe(first)
  expect(valuesOf(over, 'MsgType')).toEqual(['2'])
  expect(ebdDocument(flood, options)).toBe(ebdDocument(flood, options))
})

it('marks a test and a drill by the code of tests, and has a code for every kind', () => {
  const options = { settings, utcOffsetMin: () => 480 }
  const eventOf = (message: OutletMessage) => valuesOf(ebdDocument(message, options), 'EventType')[0]
  expect(eventOf({ ...flood, isDrill: true })).toBe('00000')
  expect(eventOf(testMessage('g-2', 0, 'x'))).toBe('00000')
  for (const kind of alarmKinds) expect(eventOf({ ...flood, kind })).toMatch(/^1[1-4][A-Z]\d\d$/)
})

it('refuses in words: a village without a division, a key of another kind, no program', async () => {
  const village = { ...flood, village: 'upper-brook' }
  expect(await outletOf().send([village], never)).toMatchObject({ state: 'refused', isFinal: true })
  const areas = { 'upper-brook': '320612104202' }
  expect(await outletOf({ areas }).send([village], never)).toMatchObject({ state: 'handed-over' })
  const other = join(folder, 'rsa.key')
  execFileSync('openssl', ['genpkey', '-algorithm', 'RSA', '-out', other], { stdio: 'ignore' })
  await expect(outletOf({ keyFile: other }).send([flood], never)).rejects.toThrow('has not signed')
  await expect(outletOf({ opensslCommand: '/absent' }).send([flood], never)).rejects.toThrow('ENOENT')
  const endless = join(folder, 'endless')
  writeFileSync(endless, '#!/bin/sh\nexec yes\n', { mode: 0o755 })
  await expect(outletOf({ opensslCommand: endless }).send([flood], never)).rejects.toThrow('has not signed')
})

it('shows the documents without writing a file', async () => {
  const shown = await outletOf().preview([testMessage('g-3', 0, 'x')])
  expect(shown).toContain('<SignatureAlgorithm>SM2-SM3</SignatureAlgorithm>')
  expect(readdirSync(folder).filter((one) => one.endsWith('.tar'))).toEqual([])
})

it('writes r and s in 32 bytes each, and takes any other bytes for no signature', () => {
  const der = Buffer.from('300602010102020080', 'hex')
  expect(rawOf(Buffer.from('3007020101020200ff', 'hex'))?.toString('hex')).toMatch(/^0{62}010{62}ff$/)
  expect(rawOf(der)).toBeUndefined()
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void rawOf(Buffer.from(bytes))))
})

it('refuses steps that a broadcast has no message for', () => {
  expect(checkOutlets([{ ...settings, rules: [{ steps: ['accepted'] }] } as EbdSettings])).toHaveLength(1)
  expect(checkOutlets([settings])).toEqual([])
})
