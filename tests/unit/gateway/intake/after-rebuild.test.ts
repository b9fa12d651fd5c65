// Does a call that comes while memory is rebuilt get its turn, and an answer when the rebuild has no end?
import { expect, it } from 'vitest'
import { takeAfterRebuild } from '../../../../gateway/intake/memory/after-rebuild.ts'

function play(after: 'ended' | 'another' | 'given up', isThrowing = false) {
  const happened: string[] = []
  const first = Promise.resolve()
  const memory: { rebuilding: Promise<void> | undefined } = { rebuilding: first }
  const answer = { kept: () => happened.push('kept'), refused: () => happened.push('refused') }
  takeAfterRebuild(memory, first, answer, () => {
    happened.push('taken')
    if (isThrowing) throw new Error('a fault of the program')
  })
  if (after !== 'given up') memory.rebuilding = after === 'another' ? new Promise(() => undefined) : undefined
  return happened
}
const turns = () => new Promise((resolve) => setImmediate(resolve))

it.each([
  ['ended', ['taken']],
  // Refused again by a record of the box itself, before the call had its turn.
  ['another', ['taken']],
  ['given up', ['refused']],
] as const)('a rebuild that is %s', async (after, expected) => {
  const happened = play(after)
  expect(happened).toEqual([])
  await turns()
  expect(happened).toEqual(expected)
})

it('a fault while it is taken refuses it, so that the device keeps it', async () => {
  const happened = play('ended', true)
  await turns()
  expect(happened).toEqual(['taken', 'refused'])
})
