// Which message ids count as heard: repeats do, and no message of a reset or replaced device does.
import { describe, expect, it } from 'vitest'
import { recentIdsMax, recentMs } from '../../../../gateway/intake/memory/recent-ids.ts'
import {
  bootsPerDeviceMax,
  devicesMax,
  RepeatMemory,
  runsPerDeviceMax,
} from '../../../../gateway/intake/memory/repeat-memory.ts'
import { contentHash } from '../../../../protocols/kit/content-hash.ts'

const pressed = contentHash({ button: 'pressed' }, undefined)
const opened = contentHash({ contact: 'open' }, undefined)

const say = (memory: RepeatMemory, messageId: string, content = pressed, steadyMs = 0) =>
  memory.take({ device: 'button-1', messageId, content, steadyMs })

const reopened = (memory: RepeatMemory): RepeatMemory => {
  const again = new RepeatMemory(100)
  expect(again.restore('button-1', JSON.parse(JSON.stringify(memory.documentOf('button-1'))))).toBe(true)
  return again
}

describe.each([
  ['counted', '1-1'],
  ['odd', 'press'],
])('a %s id', (kind, id) => {
  it('is a repeat when the same comes again soon', () => {
    const memory = new RepeatMemory(100)
    expect([say(memory, id), say(memory, id), say(memory, id, pressed, recentMs)]).toEqual([
      kind,
      'repeat',
      'repeat',
    ])
  })
  it('is an event when it says something else', () => {
    const memory = new RepeatMemory(100)
    say(memory, id)
    expect(say(memory, id, opened)).toBe(`${kind} again`)
    expect(say(memory, id, opened)).toBe('repeat')
  })
  it('is an event when it comes long after the first', () => {
    const memory = new RepeatMemory(100)
    say(memory, id)
    expect(say(memory, id, pressed, 3 * recentMs)).toBe(`${kind} again`)
  })
  it('is new once its device is forgotten, and that of another is not', () => {
    const memory = new RepeatMemory(100)
    const other = { device: 'button-11', messageId: id, content: pressed, steadyMs: 0 }
    say(memory, id)
    memory.take(other)
    expect(memory.forget('button-1')).toBe(true)
    expect(say(memory, id)).toBe(kind)
    expect(memory.take(other)).toBe('repeat')
  })
})

describe('a device that counts anew', () => {
  it('is heard from its first message on, though all of its ids were used', () => {
    const memory = new RepeatMemory(100)
    for (let n = 1; n <= 1000; n++) say(memory, `1-${n}`, n, n)
    expect(say(memory, '1-1', 1, 2000)).toBe('counted again')
    for (let n = 2; n <= 1000; n++) expect(say(memory, `1-${n}`, n, 2000 + n)).toBe('counted')
  })
  it('is not seen in repeats of as much as a device has without an answer', () => {
    const memory = new RepeatMemory(100)
    for (let n = 1; n <= 1000; n++) say(memory, `1-${n}`, n)
    const again = reopened(memory)
    for (let n = 1000 - recentIdsMax + 1; n <= 1000; n++) expect(say(again, `1-${n}`, n)).toBe('repeat')
  })
  it('is replayed as it was judged', () => {
    const memory = new RepeatMemory(100)
    for (let n = 1; n <= 5; n++) say(memory, `1-${n}`)
    const again = reopened(memory)
    const heard = { device: 'button-1', messageId: '1-1', content: opened, steadyMs: 1 }
    expect(again.replay(heard, false)).toBe(false)
    expect(again.replay(heard, true)).toBe(true)
    expect(again.replay(heard, true)).toBe(false)
    expect(say(again, '1-2')).toBe('counted')
  })
})

describe('what is remembered', () => {
  it('does not drift when a boot arrives that is lower than all the known ones', () => {
    const memory = new RepeatMemory(100)
    for (let boot = 1; boot <= bootsPerDeviceMax; boot++) say(memory, `${boot + 10}-1`)
    expect(say(memory, '5-1')).toBe('counted')
    for (let n = 0; n < runsPerDeviceMax + 1; n++) expect(say(memory, '5-1')).toBe('repeat')
    expect(memory.documentOf('button-1')?.boots).toHaveLength(bootsPerDeviceMax)
    expect(say(memory, `${bootsPerDeviceMax + 10}-1`)).toBe('repeat')
  })
  it('has a maximum of runs and of devices, and forgets the oldest', () => {
    const memory = new RepeatMemory(100)
    for (let n = 0; n < runsPerDeviceMax + 50; n++) say(memory, `1-${2 * n}`)
    expect(memory.documentOf('button-1')?.boots[0]?.[1]).toHaveLength(2 * runsPerDeviceMax)
    for (let n = 0; n < devicesMax; n++) {
      memory.take({ device: `d-${n}`, messageId: '1-1', content: 1, steadyMs: 0 })
      if (n === devicesMax - 10) say(memory, '2-1')
    }
    expect(memory.documentOf('button-1')).toBeDefined()
    expect(memory.documentOf('d-0')).toBeUndefined()
    expect(memory.takeTouched()).toContain('d-0')
  })
  it('survives a restart with its contents', () => {
    const memory = new RepeatMemory(100)
    for (const id of ['1-1', '1-2', '1-7', '2-1']) say(memory, id)
    memory.prove('button-1', 'password', 'a')
    const again = reopened(memory)
    expect(['1-1', '1-2', '1-7', '2-1'].map((id) => say(again, id))).toEqual(Array(4).fill('repeat'))
    expect(say(again, '1-2', opened)).toBe('counted again')
    expect(again.prove('button-1', 'password', 'a')).toBe(false)
    expect(again.prove('button-1', 'certificate', 'c')).toBe(false)
    expect(again.prove('button-1', 'password', 'b')).toBe(true)
  })
  it.each([
    null,
    1,
    'x',
    [],
    {},
    { boots: 1 },
    { boots: [[1, [3, 1]]] },
    { boots: [[1, [1]]] },
    { boots: [null] },
  ])('is heard anew when its document is spoilt: %j', (document) => {
    const memory = new RepeatMemory(100)
    expect(memory.restore('button-1', document)).toBe(false)
    expect(say(memory, '1-1')).toBe('counted')
  })
})
