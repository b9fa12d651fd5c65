// The small parts under every parser: JSON from the network, zod's answers, durations, and which records are the same.
import { expect, it } from 'vitest'
import { z } from 'zod'
import { describeDuration } from '../../../../protocols/kit/duration.ts'
import { fromZod } from '../../../../protocols/kit/from-zod.ts'
import {
  isNestedDeeper,
  isObject,
  lookup,
  parseJson,
  scalarText,
} from '../../../../protocols/kit/parse-json.ts'
import { identityOf } from '../../../../protocols/domain/record-identity.ts'
import type { JournalRecord } from '../../../../protocols/domain/record.ts'

it('looks words of others up among the entries of a table alone', () => {
  const table = lookup({ a: 1 })
  expect(['a', 'constructor', '__proto__', 'toString'].map((word) => table[word])).toEqual([
    1,
    undefined,
    undefined,
    undefined,
  ])
})

it('parses JSON within its bound, and gives a problem for everything else', () => {
  expect(parseJson(Buffer.from('{"a":1}'), 7)).toEqual({ ok: true, value: { a: 1 } })
  expect(parseJson('[1]', 3)).toEqual({ ok: true, value: [1] })
  for (const source of ['{"a":1}', Buffer.from([0xff, 0xfe]), '{', ''])
    expect(parseJson(source, 6).ok).toBe(false)
})

it('counts levels of nesting, and knows objects from lists, null and scalars', () => {
  expect(isNestedDeeper([[1]], 2)).toBe(false)
  expect(isNestedDeeper({ a: [{}] }, 2)).toBe(true)
  expect(isNestedDeeper(1, 0)).toBe(false)
  expect([{}, [], null, 'a', 1].map(isObject)).toEqual([true, false, false, false, false])
})

it('has a text for a single value, and none for what could throw while it is converted', () => {
  expect(['a', 1, true].map(scalarText)).toEqual(['a', '1', 'true'])
  expect([null, undefined, [], { toString: 1 }].map(scalarText)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

it("gives zod's answer as a Result with paths, also where zod itself throws", () => {
  const schema = z.object({ list: z.array(z.string().max(2)) })
  expect(fromZod(schema, { list: ['a'] })).toEqual({ ok: true, value: { list: ['a'] } })
  const refused = fromZod(schema, { list: ['abc'] })
  expect(refused.ok ? [] : refused.problems.map(({ path }) => path)).toEqual(['list.0'])
  expect(fromZod(schema, { list: [{ length: { toString: 1 } }] }).ok).toBe(false)
})

it('shows the two largest units that are not zero', () => {
  expect(describeDuration(125_400, 'en')).toBe('2 min 5 s')
  expect(describeDuration(125_400, 'zh')).toBe('2 分 5 秒')
  expect(describeDuration(86_400_000 + 60_000, 'en')).toBe('1 d 1 min')
  expect(describeDuration(-5, 'en')).toBe('0 s')
})

it('knows a record by what never changes: not by its repaired time, not by its content', () => {
  const event = {
    type: 'event',
    sequence: 7,
    boot: 2,
    sinceBootMs: 50,
    atMs: 50,
    clock: 'unsynced',
    device: 'd',
    messageId: 'm',
  } as unknown as JournalRecord
  expect(identityOf({ ...event, atMs: 999, clock: 'repaired' } as JournalRecord)).toBe(identityOf(event))
  const others = [
    { ...event, sequence: 8 },
    { ...event, boot: 3 },
    { ...event, messageId: 'n' },
    { ...event, type: 'log', what: 'started' },
    { ...event, type: 'alarm', alarm: { id: 'a' }, change: 'raised' },
  ] as JournalRecord[]
  expect(new Set([event, ...others].map(identityOf)).size).toBe(6)
})
