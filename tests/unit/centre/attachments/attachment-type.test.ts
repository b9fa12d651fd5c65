// What a file is, by its own bytes, and what it may be called.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { attachmentName, typeOf } from '../../../../centre/attachments/attachment-type.ts'

const join = (...parts: (string | number[])[]): Uint8Array =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
  )
const jpeg = join([0xff, 0xd8, 0xff, 0xe0], 'body', [0xff, 0xd9])
const png = join(
  [0x89],
  'PNG\r\n',
  [0x1a],
  '\n',
  [0, 0, 0, 13],
  'IHDR',
  'body',
  'IEND',
  [0xae, 0x42, 0x60, 0x82],
)
const pdf = join('%PDF-1.7\nbody\n%%EOF\n')

it('gives a name without a way to another folder', () => {
  expect(attachmentName('../../etc\\passwd', 'application/pdf')).not.toMatch(/[/\\]/)
})

it('knows the three by their bytes and refuses what is cut off or something else', () => {
  expect([jpeg, png, pdf].map(typeOf)).toEqual(['image/jpeg', 'image/png', 'application/pdf'])
  for (const whole of [jpeg, png, pdf]) expect(typeOf(whole.subarray(0, whole.length - 8))).toBeUndefined()
  expect(typeOf(jpeg.subarray(0, jpeg.length - 1))).toBeUndefined()
  for (const other of ['GIF89a', '<svg onload=alert(1)>', '<!doctype html>%PDF-', 'MZ', 'PK', ''])
    expect(typeOf(join(other))).toBeUndefined()
})

it('never throws, whatever comes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => typeOf(bytes) === undefined))
  expect(typeOf(new Uint8Array())).toBeUndefined()
})

it.each([
  ['门口.jpeg', '门口.jpg'],
  ['../../etc/passwd', 'etc passwd.jpg'],
  ['..\\..\\a.exe', 'a.jpg'],
  ['a\r\nSet-Cookie: x', 'a  Set-Cookie  x.jpg'],
  ['report.html', 'report.jpg'],
  ['\u202Egpj.exe', 'gpj.jpg'],
  ['', 'file.jpg'],
  ['x'.repeat(500), `${'x'.repeat(80)}.jpg`],
])('calls %j %j', (given, wanted) => {
  expect(attachmentName(given, 'image/jpeg')).toBe(wanted)
})
