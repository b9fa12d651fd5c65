// A flood of repeats counts against the share of its device, a plain report does not.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createAlarmEngine } from '../../../../gateway/alarms/alarm-engine.ts'
import { message, openBox } from '../../../faults/box-without-broker.ts'
import { settingsFrom } from '../alarms/alarm-village.ts'

it('counts a repeat of an alarm that is not sent now, and no plain report', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-untold-'))
  const engine = createAlarmEngine(settingsFrom({ devices: [{ id: 'button-1', kind: 'button' }] }))
  let hasUntold = false
  const box = await openBox(folder, {
    engine: () => ({
      ...engine,
      judge: (...input) => ({ ...engine.judge(...input), transitions: [], colour: undefined, hasUntold }),
    }),
  })
  const answers: Promise<void>[] = []
  const take = (id: string): boolean => {
    let isCounted = false
    answers.push(
      new Promise((kept, refused) => {
        isCounted = box.intake.take(message('button-1', id, { batteryPercent: 90 }), { kept, refused })
      }),
    )
    return isCounted
  }
  expect(take('1-1')).toBe(false)
  hasUntold = true
  expect(take('1-2')).toBe(true)
  await Promise.all(answers)
  await box.journal.close()
  rmSync(folder, { recursive: true, force: true })
})
