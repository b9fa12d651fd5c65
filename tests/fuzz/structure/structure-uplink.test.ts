// Can any one message of a box throw in the centre, make other messages fail, or break a list or a later start?
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseStageNotice } from '../../../protocols/uplink/codec.ts'
import { everyMutation } from './structural-mutations.ts'
import { denseReport, report, StructureTarget, uplinkMessages } from './structure-uplink.ts'

/** One in this many of all mutations; no divisor of the number of values. `npm run campaign -- structure` takes all. */
const stride = 7

let target: StructureTarget
beforeAll(() => {
  target = new StructureTarget()
})
afterAll(() => target.end())

const answers = (parse: (bytes: Buffer) => unknown, text: string): string => {
  try {
    parse(Buffer.from(text))
    return ''
  } catch (error) {
    return `${error instanceof Error ? error.message : 'thrown'}`
  }
}

test.each(uplinkMessages)(
  'every node of a %s may be anything: its parser answers',
  (_name, message, parse) => {
    const thrown: string[] = []
    for (const { text, what } of everyMutation(message, stride)) {
      const words = answers(parse, text)
      if (words !== '') thrown.push(`${what}: ${words}`)
    }
    expect(thrown).toEqual([])
  },
)

test('an object with a hostile length, which zod compares with a number, gets an answer', () => {
  const text = JSON.stringify({ v: 1, alarm: { length: { toString: 1 } }, stage: 'seen', atMs: 1 })
  expect(parseStageNotice(Buffer.from(text)).ok).toBe(false)
})

test('stored data of a hostile box breaks no commit, no list and no start', () => {
  let stored = 0
  for (const message of [report, denseReport]) {
    const texts = [...everyMutation(message, stride)].map(({ text }) => text)
    for (let from = 0; from < texts.length; from += 200)
      stored += target.take(texts.slice(from, from + 200), 'red').stored
  }
  expect(stored).toBeGreaterThan(30)
  target.list()
  target.restart()
  target.list()
  const [onDesk, sent] = target.honest()
  expect(onDesk).toBe(sent)
})
