// Does a siren sound when the card refuses to store the call, once, and without a PUBACK?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { createAlarmEngine } from '../../../../gateway/alarms/alarm-engine.ts'
import type { LocalCommand } from '../../../../gateway/alarms/port.ts'
import { UnstoredResponse } from '../../../../gateway/intake/unstored-response.ts'
import { JournalError, type Journal } from '../../../../gateway/journal/port.ts'
import { message, openBox, stored } from '../../../faults/box-without-broker.ts'
import { settingsFrom } from '../alarms/alarm-village.ts'

/** A real journal that refuses while `card.isReadOnly`. */
function onCard(card: { isReadOnly: boolean }): (real: Journal) => Journal {
  let tell: (error: JournalError) => void = () => undefined
  const refuse = (): Promise<never> => {
    const error = new JournalError('SQLITE_READONLY', 'attempt to write a readonly database')
    tell(error)
    return Promise.reject(error)
  }
  return (real) =>
    new Proxy(real, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target)
        if (name === 'onRefused') return (listener: typeof tell) => void (tell = listener)
        if (name === 'append')
          return (entry: Parameters<typeof real.append>[0]) =>
            card.isReadOnly ? refuse() : target.append(entry)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
}

it('acts once for a call that the journal refuses, and keeps the call when it takes it again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-unkept-'))
  const commands: LocalCommand[] = []
  const unstored = new UnstoredResponse((command) => commands.push(command))
  const card = { isReadOnly: true }
  const settings = settingsFrom({
    devices: [
      { id: 'button-1', kind: 'button' },
      { id: 'siren-1', kind: 'siren' },
    ],
    rules: [{ id: 'ring', when: { colours: ['red'] }, device: 'siren-1', do: 'siren' }],
  })
  const box = await openBox(folder, {
    engine: () => createAlarmEngine(settings),
    onUnstored: (outcome) => unstored.take(outcome),
    pause: () => Promise.resolve(),
    journal: onCard(card),
  })
  const call = message('button-1', '1-1', { button: 'pressed' })
  await expect(box.intake.accept(call)).rejects.toThrow('readonly')
  expect(commands).toMatchObject([{ device: 'siren-1', do: 'siren' }])
  for (let i = 0; i < 5; i++) {
    await expect(box.intake.accept(call)).rejects.toThrow(/readonly|not take/)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(commands).toHaveLength(1)
  card.isReadOnly = false
  await vi.waitFor(() => box.intake.accept(call))
  expect(await stored(box.journal, 'red')).toMatchObject([
    { type: 'event', messageId: '1-1' },
    { type: 'alarm' },
  ])
  await box.journal.close()
  rmSync(folder, { recursive: true, force: true })
})

it('sends up a call that comes while a record of the box itself was refused, at its first delivery', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-unkept-'))
  const calls: string[] = []
  const card = { isReadOnly: true }
  let goOn: () => void = () => undefined
  const box = await openBox(folder, {
    engine: () => createAlarmEngine(settingsFrom({ devices: [{ id: 'button-1', kind: 'button' }] })),
    onUnstored: ({ transitions }) => calls.push(...transitions.map(({ alarm }) => alarm.kind)),
    pause: () => new Promise((resolve) => (goOn = resolve)),
    journal: onCard(card),
  })
  await expect(box.intake.log('storage-probed', {})).rejects.toThrow('readonly')
  // The next own record waits for the rebuild too, and is refused at its end, before the call has its turn.
  const own = box.intake.log('storage-probed', {})
  const report = box.intake.accept(message('button-1', '1-1', { batteryPercent: 90 }))
  const call = box.intake.accept(message('button-1', '1-2', { button: 'pressed' }))
  await expect(report).rejects.toThrow('not take')
  goOn()
  await expect(own).rejects.toThrow('readonly')
  await expect(call).rejects.toThrow('readonly')
  expect(calls).toEqual(['sos'])
  goOn()
  await box.journal.close()
  rmSync(folder, { recursive: true, force: true })
})
