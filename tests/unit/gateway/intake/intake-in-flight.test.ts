// Events between judging and the disk: is each answered once, with its repeats, and found while it is in flight?
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InFlight, type EventInFlight } from '../../../../gateway/intake/memory/in-flight.ts'
import { joinStored } from '../../../../gateway/intake/memory/join-stored.ts'
import type { StorageAnswer } from '../../../../gateway/journal/port.ts'

const told = (name: string, list: string[]): StorageAnswer => ({
  kept: () => void list.push(`${name} kept`),
  refused: ({ message }) => void list.push(`${name} ${message}`),
})

test('each is found until it is settled, in whatever order, and told once', () => {
  const step = fc.oneof(
    fc.constant({ do: 'begin' as const }),
    fc.record({ do: fc.constantFrom('kept' as const, 'refused' as const), at: fc.nat() }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let counted = 0
      const inFlight = new InFlight(() => counted++)
      const waiting: EventInFlight[] = []
      const [heard, expected]: [string[], string[]] = [[], []]
      let begun = 0
      // Ids in one list and in many, short and long.
      const idOf = (n: number): string => (n % 2 === 0 ? `${n}` : `${n}-0000`)
      for (const one of steps) {
        if (one.do === 'begin') {
          const id = idOf(begun++)
          waiting.push(inFlight.begin('door', id, told(id, heard)))
          continue
        }
        const [event] = waiting.splice(one.at % Math.max(1, waiting.length), 1)
        if (!event) continue
        if (one.do === 'kept') event.kept()
        else event.refused(new Error('refused'))
        expected.push(`${event.messageId} ${one.do}`)
      }
      expect(heard).toEqual(expected)
      expect(counted).toBe(expected.filter((word) => word.endsWith('kept')).length)
      for (let n = 0; n < begun; n++) {
        const event = waiting.find(({ messageId }) => messageId === idOf(n))
        expect(inFlight.find('door', idOf(n))).toBe(event)
        expect(inFlight.find('window', idOf(n))).toBeUndefined()
      }
    }),
  )
})

test('a repeat hears what the first one hears, and not before', () => {
  for (const end of ['kept', 'lost'] as const) {
    const heard: string[] = []
    const inFlight = new InFlight(() => heard.push('counted'))
    const first = inFlight.begin('door', '1-1', told('first', heard))
    inFlight.find('door', '1-1')?.join(told('second', heard))
    expect(heard).toEqual([])
    if (end === 'kept') first.kept()
    else first.refused(new Error('lost'))
    expect(heard.filter((word) => word !== 'counted')).toEqual([`first ${end}`, `second ${end}`])
    expect(heard.includes('counted')).toBe(end === 'kept')
  }
})

test('who is refused without a reason is refused', () => {
  const heard: string[] = []
  const inFlight = new InFlight(() => heard.push('counted'))
  const waiting: StorageAnswer = {
    kept: () => void heard.push('kept'),
    refused: () => void heard.push('refused'),
  }
  inFlight.begin('door', '1-1', waiting).refused(undefined as unknown as Error)
  expect(heard).toEqual(['refused'])
})

test('what went to quarantine is answered and not counted as an event', () => {
  const heard: string[] = []
  const inFlight = new InFlight(() => heard.push('counted'))
  inFlight.begin('door', '1-1', told('first', heard)).asQuarantined().kept()
  expect(heard).toEqual(['first kept'])
  expect(inFlight.find('door', '1-1')).toBeUndefined()
})

test('a repeat without an event of its own is answered with the event, and at once when that is stored', async () => {
  const heard: string[] = []
  const inFlight = new InFlight(() => undefined)
  const id = { device: 'door', messageId: '1-1' }
  joinStored(
    { rebuilding: undefined, repeats: { has: () => true } },
    inFlight,
    id,
    told('stored before', heard),
  )
  expect(heard).toEqual(['stored before kept'])
  // While memory is rebuilt the event waits for it, and is in flight only afterwards.
  let rebuilt: () => void = () => undefined
  const memory: { rebuilding: Promise<void> | undefined; repeats: { has: () => boolean } } = {
    rebuilding: new Promise((resolve) => (rebuilt = resolve)),
    repeats: { has: () => false },
  }
  joinStored(memory, inFlight, id, told('repeat', heard))
  const first = inFlight.begin('door', '1-1', told('first', heard))
  memory.rebuilding = undefined
  rebuilt()
  await new Promise((resolve) => setImmediate(resolve))
  expect(heard).toHaveLength(1)
  first.refused(new Error('lost'))
  expect(heard.slice(1)).toEqual(['first lost', 'repeat lost'])
})

test.each([
  [true, 'kept'],
  // A card refused the event, and nothing of it is on disk: a PUBACK would lose the call.
  [false, 'refused'],
])('a repeat that waited for a rebuild, with its event on disk: %s, is %s', async (isStored, expected) => {
  const heard: string[] = []
  const rebuilding = Promise.resolve()
  const memory: { rebuilding: Promise<void> | undefined; repeats: { has: () => boolean } } = {
    rebuilding,
    repeats: { has: () => isStored },
  }
  const answer = { kept: () => void heard.push('kept'), refused: () => void heard.push('refused') }
  joinStored(memory, new InFlight(() => undefined), { device: 'door', messageId: '1-1' }, answer)
  memory.rebuilding = undefined
  await new Promise((resolve) => setImmediate(resolve))
  expect(heard).toEqual([expected])
})
