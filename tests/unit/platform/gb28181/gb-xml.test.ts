// Is Chinese text written as GB 18030, and read whatever a device sends?
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeGb18030, encodeGb18030 } from '../../../../platform/gb28181/gb18030.ts'
import { encodeGbXml, gbTime, parseGbTime, parseGbXml, textOf } from '../../../../platform/gb28181/gb-xml.ts'

it('writes each character as iconv does', () => {
  // printf '更夫€𠮷ḿ㐀' | iconv -f utf8 -t gb18030 | xxd -p
  expect(encodeGb18030('更夫€𠮷ḿ㐀').toString('hex')).toBe('b8fcb7f2a2e39534b235a8bc8139ee39')
  expect(encodeGb18030('sos \ud800!').toString()).toBe('sos ?!')
})

it('reads back every character but those that the decoder has no code for', () => {
  let text = ''
  // Every seventeenth, of all rows and planes.
  for (let point = 1; point < 0x30000; point += 17) {
    const isSurrogate = point >= 0xd800 && point < 0xe000
    const isPrivate = point >= 0xe000 && point < 0xf900
    if (!isSurrogate && !isPrivate && point !== 0xfffd) text += String.fromCodePoint(point)
  }
  expect(decodeGb18030(encodeGb18030(text)) === text).toBe(true)
})

/** Without the private ones, for some of which the decoder has no code. */
const characters = fc
  .string({ unit: 'binary', maxLength: 60 })
  .map((text) => text.replace(/[\ue000-\uf8ff\ufffd\ud800-\udfff]/gu, ''))

it('reads back what it writes', () => {
  fc.assert(
    fc.property(characters, fc.integer(), (text, number) => {
      const root = parseGbXml(
        encodeGbXml('Notify', [
          ['Name', text],
          ['SN', number],
          ['Gone', undefined],
        ]),
      )
      const kept = text.replace(/[^\t\n\r\u0020-\ud7ff\u{10000}-\u{10ffff}\ue000-\ufffd]/gu, '')
      expect(textOf(root, 'Name')).toBe(kept.trim())
      expect(root?.children.map(({ name }) => name)).toEqual(['Name', 'SN'])
    }),
    { numRuns: 200 },
  )
})

it('reads the forms that devices send', () => {
  const bytes = Buffer.concat([
    Buffer.from(
      '<?xml version="1.0" encoding="gb2312" ?>\n<Notify>\n<CmdType>Alarm</CmdType><AlarmDescription>',
    ),
    Buffer.from('b8fcb7f2', 'hex'),
    Buffer.from('</AlarmDescription>\n<!-- x --><Info/>\n</Notify>\n\n'),
  ])
  expect(textOf(parseGbXml(bytes), 'AlarmDescription')).toBe('更夫')
  const utf8 = Buffer.from('<?xml version="1.0" encoding="UTF-8"?><Q a="1"><N>更夫 &amp; &#x4e00;</N></Q>')
  expect(textOf(parseGbXml(utf8), 'N')).toBe('更夫 & 一')
})

it.each([
  ['with a DOCTYPE', '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'],
  ['that is cut off', '<x><y>1</y>'],
  ['whose ends cross', '<x><y></x></y>'],
  ['that is too deep', '<x>'.repeat(40) + '</x>'.repeat(40)],
  ['of too many elements', `<x>${'<y/>'.repeat(6000)}</x>`],
  ['of no element', 'hello'],
])('refuses XML %s', (_title, xml) => {
  expect(parseGbXml(Buffer.from(xml))).toBeUndefined()
})

it('reads any bytes without failing', () => {
  const parts = fc.constantFrom(
    '<',
    '>',
    '/',
    'a',
    '<a>',
    '</a>',
    '<?xml',
    '?>',
    '<!--',
    '-->',
    '&',
    '"',
    ' ',
    '更',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc.array(parts).map((all) => Buffer.from(all.join(''))),
      ),
      (bytes) => {
        parseGbXml(bytes)
      },
    ),
    { numRuns: 500 },
  )
  for (const evil of ['<a '.repeat(20_000), '<!--'.repeat(15_000), '<?'.repeat(30_000), '&#'.repeat(30_000)])
    expect(parseGbXml(Buffer.from(evil))).toBeUndefined()
}, 20_000)

it("writes China's time, and reads the ways in which devices write it", () => {
  const atMs = Date.UTC(2026, 2, 1, 0, 30, 5)
  expect(gbTime(atMs)).toBe('2026-03-01T08:30:05')
  for (const text of [
    '2026-03-01T08:30:05',
    '2026-03-01 08:30:05',
    '2026-03-01T08:30:05.123',
    ' 2026-03-01T08:30:05Z',
  ])
    expect(parseGbTime(text)).toBe(atMs)
  expect(parseGbTime('2026-13-01T08:30:05')).toBeUndefined()
  expect(parseGbTime('yesterday')).toBeUndefined()
})
