// Is every document well-formed CAP 1.2, and does a later one name the first of its case?
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CapSettings } from '../../../../centre/config/outlets/cap-settings.ts'
import { checkOutlets } from '../../../../centre/config/outlets/outlet-settings.ts'
import { capTime } from '../../../../centre/outlets/cap/cap-document.ts'
import { xmlText } from '../../../../centre/outlets/xml-parts.ts'
import { createCapOutlet } from '../../../../centre/outlets/cap/cap-outlet.ts'
import { testMessage, type OutletMessage } from '../../../../platform/outlets/message.ts'
import { alarmKinds, type AlarmKind } from '../../../../protocols/domain/alarm.ts'
import { outletSteps } from '../../../../protocols/desk/outlets.ts'
import { settingsOf } from './outlet-kit.ts'

/** The order of the elements in the schema of CAP 1.2. */
const alertOrder =
  'identifier sender sent status msgType source scope restriction addresses code note references incidents info'.split(
    ' ',
  )
const infoOrder =
  'language category event responseType urgency severity certainty audience eventCode effective onset expires senderName headline description instruction web contact parameter resource area'.split(
    ' ',
  )

/** Every code point, surrogates and control characters included. */
const anyText = fc
  .array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 30 })
  .map((points) => String.fromCodePoint(...points))

let folder: string
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'gengfu-cap-'))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const { isTest: _test, ...base } = testMessage('g-1', 1_772_000_000_000, 'centre')
const red: OutletMessage = {
  ...base,
  case: 'case-7',
  colour: 'red',
  isDrill: false,
  kind: 'fire',
  village: '320612104201',
  villageName: '上溪村',
  place: { household: '张三 & <李四>', phone: '13800000000' },
}
const settings = settingsOf({
  type: 'cap',
  folder: '/tmp',
  sender: 'centre@town.example',
  events: { name: 'profile', codes: { fire: 'F1' } },
}) as CapSettings
const outlet = () =>
  createCapOutlet({
    settings: { ...settings, folder },
    textOf: ({ title }) => title.zh,
    utcOffsetMin: () => 480,
  })

const childrenOf = (xml: string, indent: string): string[] =>
  [...xml.matchAll(new RegExp(`^${indent}<([a-zA-Z]+)>`, 'gm'))].map((found) => found[1] ?? '')
const valueOf = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
const isInOrder = (names: readonly string[], order: readonly string[]): boolean =>
  names.every(
    (name, i) =>
      order.includes(name) && (i === 0 || order.indexOf(name) >= order.indexOf(names[i - 1] ?? '')),
  )

it.each(outletSteps)(
  'writes a document for %s whose elements stand as the schema wants them',
  async (step) => {
    const xml = await outlet().preview([{ ...red, step }])
    expect(isInOrder(childrenOf(xml, '  '), alertOrder)).toBe(true)
    expect(isInOrder(childrenOf(xml, '    '), infoOrder)).toBe(true)
    for (const name of [
      'identifier',
      'sender',
      'sent',
      'status',
      'msgType',
      'scope',
      'restriction',
      'event',
      'urgency',
      'severity',
      'certainty',
      'areaDesc',
    ])
      expect([name, valueOf(xml, name) ?? '']).not.toEqual([name, ''])
    expect(valueOf(xml, 'sent')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/)
    expect(valueOf(xml, 'msgType')).toBe(
      step === 'raised' ? 'Alert' : ['over', 'cancelled'].includes(step) ? 'Cancel' : 'Update',
    )
    expect(valueOf(xml, 'severity')).toBe('Extreme')
    expect(xml).toContain('<valueName>profile</valueName>')
  },
)

it("has the codes of the national warning system, or the receiver's own instead", async () => {
  const eventCode = async (events: CapSettings['events'], kind: AlarmKind): Promise<string | undefined> => {
    const { events: _events, ...rest } = settings
    const written = createCapOutlet({
      settings: { ...rest, folder, ...(events ? { events } : {}) },
      textOf: () => 'text',
      utcOffsetMin: () => 480,
    })
    const xml = await written.preview([{ ...red, kind }])
    return /<eventCode>\s*<valueName>([^<]*<\/valueName>\s*<value>[^<]*)/
      .exec(xml)?.[1]
      ?.replace(/<.*>/s, ' ')
  }
  expect(await eventCode(undefined, 'water')).toBe('CN-eventType 11A01')
  expect(await eventCode(undefined, 'sos')).toBeUndefined()
  expect(await eventCode({ name: 'profile', codes: { fire: 'F1' } }, 'fire')).toBe('profile F1')
  expect(await eventCode({ name: 'profile', codes: { fire: 'F1' } }, 'water')).toBeUndefined()
})

it('writes documents that are valid by the schema, for every step, kind and language', async () => {
  const schema = fileURLToPath(new URL('../../../kits/cap/cap-1.2.xsd', import.meta.url))
  const documents = [
    ...outletSteps.map((step) => ({ ...red, step })),
    ...alarmKinds.map((kind) => ({ ...red, kind })),
    { ...red, isDrill: true },
    testMessage('g-3', 0, 'ops'),
  ]
  const files: string[] = []
  for (const language of ['zh', 'en'] as const) {
    const written = createCapOutlet({
      settings: { ...settings, folder, language },
      textOf: ({ title }) => title[language],
      utcOffsetMin: () => (language === 'zh' ? 480 : -210),
    })
    for (const message of documents) {
      const file = join(folder, `valid-${files.length}.xml`)
      writeFileSync(file, await written.preview([message]))
      files.push(file)
    }
  }
  const check = (...some: string[]): string =>
    spawnSync('xmllint', ['--noout', '--schema', schema, ...some], { encoding: 'utf8' }).stderr
  expect(
    check(...files)
      .split('\n')
      .filter((line) => !line.endsWith(' validates') && line !== ''),
  ).toEqual([])
  // The twin: the schema refuses a value and an order that CAP does not have.
  const good = readFileSync(files[0] ?? '', 'utf8')
  for (const [from, to] of [
    ['<urgency>Immediate<', '<urgency>Soon<'],
    [/<sender>.*<\/sender>\n/, ''],
    [/(<sent>.*)[+]08:00</, '$1Z<'],
  ] as const) {
    writeFileSync(join(folder, 'bad.xml'), good.replace(from, to))
    expect(check(join(folder, 'bad.xml'))).toContain('fails to validate')
  }
})

it('names the first message of the case in the later ones', async () => {
  const first = await outlet().preview([red])
  const later = await outlet().preview([{ ...red, id: 'g-2', step: 'accepted', atMs: red.atMs + 60_000 }])
  const named = [valueOf(first, 'sender'), valueOf(first, 'identifier'), valueOf(first, 'sent')].join(',')
  expect(valueOf(later, 'references')).toBe(named)
  expect(valueOf(later, 'identifier')).not.toBe(valueOf(first, 'identifier'))
})

it('marks drills and tests as such', async () => {
  expect(valueOf(await outlet().preview([{ ...red, isDrill: true }]), 'status')).toBe('Exercise')
  expect(valueOf(await outlet().preview([testMessage('g-3', 0, 'ops')]), 'status')).toBe('Test')
})

it('writes a file that a foreign parser reads, whatever people have written', async () => {
  expect(await outlet().send([red], new AbortController().signal)).toMatchObject({ state: 'handed-over' })
  const [file = ''] = readdirSync(folder)
  const words = execFileSync(
    'xmllint',
    ['--xpath', "string(//*[local-name()='areaDesc'])", join(folder, file)],
    { encoding: 'utf8' },
  )
  expect(words.trim()).toBe('上溪村 张三 & <李四>')
  fc.assert(
    fc.property(anyText, (text) => {
      const odd = xmlText(text)
        .split('')
        .filter((one) => one < '\t' || '<>"\uFFFE\uFFFF'.includes(one))
      expect(odd).toEqual([])
    }),
  )
  const odd = await outlet().preview([{ ...red, villageName: '\u0000\u001b[2J\uFFFE<b>&amp;' }])
  writeFileSync(join(folder, 'odd.xml'), odd)
  execFileSync('xmllint', ['--noout', join(folder, 'odd.xml')])
  expect(readFileSync(join(folder, 'odd.xml'), 'utf8')).toContain('&lt;b&gt;&amp;amp;')
})

it('writes times with their offset, and asks for one way only', () => {
  expect(capTime(0, 480)).toBe('1970-01-01T08:00:00+08:00')
  expect(capTime(0, -210)).toBe('1969-12-31T20:30:00-03:30')
  const both = settingsOf({ type: 'cap', folder: '/tmp', url: 'https://example.com/', sender: 'a' })
  expect(checkOutlets([both])).toMatchObject([{ path: 'outlets.0' }])
})
