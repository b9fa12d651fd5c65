// A box that sends a new fault each time fills no log, and takes no line from another box.
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { IntakeNotes, loggedCausesMax } from '../../../../centre/receiver/intake-counters.ts'

it('logs a bounded number of causes of each box, each once', () => {
  const lines: { box: string }[] = []
  const logger = pino({}, { write: (line) => void lines.push(JSON.parse(line) as { box: string }) })
  const notes = new IntakeNotes({ logger, registry: new Registry() })
  const send = (box: string, cause: string): unknown =>
    notes.quarantine(box, 'up/red', cause, new Uint8Array())
  for (let i = 0; i < 5000; i++) send('noisy', `cause ${'x'.repeat(i % 500)}`)
  for (let i = 0; i < 3; i++) send('quiet', `byte ${i} is no JSON`)
  expect(lines.filter(({ box }) => box === 'noisy')).toHaveLength(loggedCausesMax)
  expect(lines.filter(({ box }) => box === 'quiet')).toHaveLength(1)
})
