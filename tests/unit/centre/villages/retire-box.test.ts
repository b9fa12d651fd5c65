// May a box be retired that still sends, and what is stored and pushed when it may?
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { BoxNotes } from '../../../../centre/villages/box-notes.ts'
import { createRetire } from '../../../../centre/villages/retire-box.ts'
import type { BoxMessage } from '../../../../centre/storage/port.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

const logger = pino({ level: 'silent' })
const changes = [{ position: 1, json: '{}' }] as never[]

it.each([
  [undefined, 'unknown'],
  ['present', 'heard'],
  ['late', 'heard'],
  ['silent', 'retired'],
  ['unknown', 'retired'],
] as const)('answers for a box whose presence is %s: %s', async (presence, outcome) => {
  const did: string[] = []
  const retire = createRetire({
    storage: { retireBox: async () => (did.push('stored'), changes) } as never,
    clock: new VirtualClock(),
    logger,
    villages: { presenceOf: () => presence, retire: () => did.push('retired') } as never,
    silent: (_box, isSilent) => did.push(`silent ${isSilent}`),
    onStored: () => did.push('pushed'),
  })
  expect(await retire('box-1', 'li', 'removed')).toBe(outcome)
  expect(did).toEqual(outcome === 'retired' ? ['stored', 'retired', 'silent false', 'pushed'] : [])
})

it('writes the notes of many boxes in one commit, and again after a failure', async () => {
  const clock = new VirtualClock()
  const commits: number[] = []
  let isBroken = true
  const notes = new BoxNotes({
    storage: {
      noteBoxes: async (_boxes: unknown, messages: BoxMessage[]) => {
        if (isBroken) throw new Error('disk')
        commits.push(messages.length)
        return []
      },
    } as never,
    clock,
    logger,
    onStored: () => undefined,
  })
  for (let at = 0; at < 1500; at++) notes.add({ type: 'box' } as unknown as BoxMessage)
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))
  await settle()
  await settle()
  isBroken = false
  clock.advance(2000)
  await settle()
  await notes.stop()
  expect(commits).toEqual([1000, 500])
})
