// Does the lamp of a button get each stage of the answer to its own press, and does a result contain the names of its devices?
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { withNames } from '../../../../gateway/commands/result-names.ts'
import { StageReceipts } from '../../../../gateway/commands/stage-receipts.ts'
import type { CentreCommandResult } from '../../../../protocols/uplink/command.ts'

function createReceipts() {
  const sent: string[] = []
  const receipts = new StageReceipts({
    publish: async (topic, payload) => {
      const { id, stage } = JSON.parse(payload) as { id: string; stage: string }
      sent.push(`${topic.split('/')[2]} ${id} ${stage}`)
    },
    logger: pino({ level: 'silent' }),
  })
  return { sent, receipts }
}

it('sends stored at once, centre with the Receipt of its lane, and then the stages of people', () => {
  const { sent, receipts } = createReceipts()
  receipts.stored({ device: 'button-1', messageId: '7-1' }, { lane: 'red', number: 3 }, ['alarm-1'])
  receipts.settled('routine', 9)
  receipts.settled('red', 2)
  expect(sent).toEqual(['button-1 7-1 stored'])
  receipts.settled('red', 3)
  expect(sent.slice(1)).toEqual(['button-1 7-1 centre'])
  receipts.settled('red', 4)
  receipts.reached('alarm-1', 'accepted')
  receipts.reached('alarm-2', 'accepted')
  expect(sent.slice(1)).toEqual(['button-1 7-1 centre', 'button-1 7-1 accepted'])
})

it('answers the newest press of an alarm, also after a restart, and keeps a thousand', () => {
  const { sent, receipts } = createReceipts()
  receipts.restore([['alarm-1', { device: 'button-1', messageId: '7-1' }]])
  receipts.reached('alarm-1', 'seen')
  receipts.stored({ device: 'button-1', messageId: '7-2' }, { lane: 'red', number: 4 }, ['alarm-1'])
  receipts.reached('alarm-1', 'accepted')
  expect(sent).toEqual(['button-1 7-1 seen', 'button-1 7-2 stored', 'button-1 7-2 accepted'])
  for (let at = 0; at < 1000; at++)
    receipts.stored({ device: 'd', messageId: `${at}` }, { lane: 'blue', number: at }, [`other-${at}`])
  sent.splice(0)
  receipts.reached('alarm-1', 'closed')
  expect(sent).toEqual([])
})

it('adds names of what the result mentions, and only names that differ from the id', () => {
  const result = {
    id: 'k',
    ok: true,
    reached: ['siren-1'],
    missed: ['sign-2'],
  } as unknown as CentreCommandResult
  const named = [
    { id: 'siren-1', name: 'square' },
    { id: 'sign-2', name: 'sign-2' },
    { id: 'lamp-3', name: 'lane' },
  ]
  expect(withNames(result, named)).toEqual({ ...result, names: { 'siren-1': 'square' } })
  expect(withNames(result, [])).toBe(result)
  expect(withNames(result, [{ id: 'siren-1', name: 'x'.repeat(500) }]).names?.['siren-1']).toHaveLength(140)
})
