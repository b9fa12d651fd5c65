// Is a configuration damaged by an editor reported, with the line and the next step?
import { describe, expect, it } from 'vitest'
import { decodeConfigText, parseConfigYaml } from '../../../platform/config-text.ts'

const problemOf = (result: { ok: boolean; problems?: readonly { message: string }[] }): string =>
  result.ok ? '' : (result.problems?.[0]?.message ?? '')

describe('the bytes of a configuration', () => {
  it('are UTF-8, with or without a byte order mark', () => {
    const text = 'name: 石桥村\r\n'
    expect(decodeConfigText(Buffer.from(text))).toEqual({ ok: true, value: text })
    expect(decodeConfigText(Buffer.from(`\uFEFF${text}`))).toEqual({ ok: true, value: text })
  })

  it.each([
    ['GBK', Buffer.from([0x61, 10, 0xca, 0xaf, 0xc7, 0xc5, 10]), /line 2.*GBK.*UTF-8/],
    ['neither UTF-8 nor GBK', Buffer.from([0x61, 0xff, 0xff, 10]), /line 1.*UTF-8/],
    ['UTF-16', Buffer.from('\uFEFFbox: 1\n', 'utf16le'), /UTF-16.*UTF-8/],
    ['UTF-16, the other way round', Buffer.from('\uFEFFbox: 1\n', 'utf16le').swap16(), /UTF-16/],
  ])('are named when they are %s', (_name, bytes, words) => {
    expect(problemOf(decodeConfigText(bytes))).toMatch(words)
  })
})

describe('the YAML of a configuration', () => {
  it.each([
    ['a full-width colon', 'zones:\n  - id: shop\n    name：供销社\n', /line 3 holds a full-width/],
    ['a full-width comma', 'zones:\n  - { id: shop， name： x\n', /line 2 holds a full-width/],
    [
      'a no-break space',
      'zones:\n  - id: shop\n    name: x\n    \u00a0 armed: false\n',
      /line 4 holds a space/,
    ],
    ['a tab', 'zones:\n  - id: shop\n\tname: x\n', /line 3.*tab/],
    ['a key that comes twice', 'zones: []\nbox: 1\nzones: []\n', /unique at line 3/],
    ['too many aliases', `a: &a [x, x]\nb: &b [${'*a, '.repeat(90)}]\nc: [${'*b, '.repeat(90)}]\n`, /alias/i],
  ])('with %s is refused and the place is named', (_name, text, words) => {
    expect(problemOf(parseConfigYaml(text))).toMatch(words)
  })

  it('may hold such characters in its texts', () => {
    expect(parseConfigYaml('name: 南溪，上游：“水”\n')).toEqual({
      ok: true,
      value: { name: '南溪，上游：“水”' },
    })
  })
})
