// Is a call for help recognised whatever else is wrong with its message, and is no value invented?
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDeviceEvent } from '../../../protocols/device-mqtt/device-event.ts'
import { setAsideMax, setAsideValueMax } from '../../../protocols/device-mqtt/repair-json.ts'

const read = (text: string | Uint8Array) => {
  const parsed = parseDeviceEvent('button-1', text)
  if (!parsed.ok) throw new Error('nothing was read')
  return parsed.value
}
const bytes = (text: string): Uint8Array => Buffer.from(text)

/** Values as firmware writes them when a probe fails or a printf has no argument. */
const badTokens = [
  'null',
  '"87"',
  '"low"',
  'nan',
  '-nan(ind)',
  'inf',
  '',
  'None',
  'undefined',
  '0x1f',
  '007',
  '[]',
  '{}',
  '1e999',
  '21,5',
  '-3,25',
]

describe('a press beside one bad value', () => {
  it.each(badTokens)('is read when the battery is %s', (token) => {
    for (const text of [
      `{"id":"7-1","button":"pressed","batteryPercent":${token}}`,
      `{"batteryPercent":${token},"button":"pressed","id":"7-1"}`,
    ]) {
      const event = read(bytes(text))
      expect(event).toMatchObject({ messageId: '7-1', readings: { button: 'pressed' } })
      expect(event.setAside?.map(({ path }) => path)).toEqual(['batteryPercent'])
      expect(event.readings).not.toHaveProperty('batteryPercent')
    }
  })

  it.each(['"2026-11-03T02:15:00+08:00"', 'null', '"1764000000000"', 'nan', 'true'])(
    'is read when its time is %s',
    (at) => {
      const event = read(bytes(`{"id":"7-1","at":${at},"button":"pressed"}`))
      expect(event).toMatchObject({ readings: { button: 'pressed' }, setAside: [{ path: 'at' }] })
      expect(event.deviceAtMs).toBeUndefined()
    },
  )

  it.each([
    ['71', '71'],
    ['7.5', '7.5'],
    ['null', ''],
    ['""', ''],
  ])('is read when its id is %s', (id, messageId) => {
    expect(read(bytes(`{"id":${id},"button":"pressed"}`))).toMatchObject({
      messageId,
      readings: { button: 'pressed' },
      setAside: [{ path: 'id' }],
    })
  })

  it('has the same made id in each repeat, and another for another id', () => {
    const idOf = (id: string): string => read(bytes(`{"id":${id},"button":"pressed"}`)).messageId
    expect(idOf('"七-1"')).toBe(idOf('"七-1"'))
    expect(idOf('"七-1"')).not.toBe(idOf('"七-2"'))
    expect(idOf('{"boot":7,"n":1}')).not.toBe(idOf('{"boot":7,"n":2}'))
    expect(idOf('"七-1"')).toMatch(/^id-[0-9a-f]{16}$/)
  })

  it('is read in whatever wrapping, as bytes and as text', () => {
    const press = '{"id":"7-1","button":"pressed"}'
    for (const text of [
      `${press}\0`,
      `${press}\0\0\0`,
      `\uFEFF${press}`,
      `${press}\r\n`,
      `\0${press}`,
      `${press}garbage`,
    ])
      for (const payload of [text, bytes(text)])
        expect(read(payload)).toMatchObject({ messageId: '7-1', readings: { button: 'pressed' } })
    const gbk = Buffer.concat([
      bytes('{"id":"7-1","name":"'),
      Buffer.from([0xcd, 0xf5, 0xc4, 0xcc]),
      bytes('","button":"pressed"}'),
    ])
    expect(read(gbk)).toMatchObject({ readings: { button: 'pressed' }, setAside: [{ path: '' }] })
  })

  it('is not read out of what is no message: quoted, in a list, cut off', () => {
    for (const text of [
      'button pressed',
      '[{"id":"7-1","button":"pressed"}]',
      '"{\\"id\\":\\"7-1\\",\\"button\\":\\"pressed\\"}"',
      '{"id":"7-1","button":"pressed"',
      '{"id":"7-1","button":"pressed]',
    ])
      expect(parseDeviceEvent('button-1', bytes(text)).ok).toBe(false)
    expect(
      read(bytes('{"id":"7-1","note":"\\"button\\":\\"pressed\\"","batteryPercent":nan}')).readings,
    ).not.toHaveProperty('button')
  })

  it('names a bounded number of short printable pieces', () => {
    const many = Array.from({ length: 60 }, (_, i) => `"k${i}":x${'~y'.repeat(50)}`).join(',')
    const { setAside, readings } = read(bytes(`{"id":"7-1","button":"pressed",${many}}`))
    expect(readings.button).toBe('pressed')
    expect(setAside).toHaveLength(setAsideMax)
    expect(setAside?.at(-1)?.reason).toBe(`and ${60 - setAsideMax + 1} more`)
    for (const { value } of setAside ?? []) expect(value.length).toBeLessThanOrEqual(setAsideValueMax)
  })
})

it('good messages stay whole, and any one bad value beside any good ones costs only itself', () => {
  const good = {
    button: 'pressed',
    contact: 'open',
    smoke: true,
    waterLevelMm: 12,
    tamper: false,
    mains: 'on',
    signalDbm: -61,
  }
  const names = Object.keys(good) as (keyof typeof good)[]
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.constantFrom('nan', 'null', '"x"', '', '[1]', 'TRUE', '1e999'),
      (bad, token) => {
        const fields = names.map((name) => `"${name}":${name === bad ? token : JSON.stringify(good[name])}`)
        const event = read(bytes(`{"id":"7-1",${fields.join(',')}}`))
        const { [bad]: _gone, ...rest } = good
        expect(event.readings).toEqual(rest)
        expect(event.setAside?.map(({ path }) => path)).toEqual([bad])
      },
    ),
  )
  expect(read(JSON.stringify({ id: '7-1', ...good })).setAside).toBeUndefined()
})
