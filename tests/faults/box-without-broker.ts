// The box from the intake down, over a real journal: the results of a device's bytes, without sockets.
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { createAlarmEngine } from '../../gateway/alarms/alarm-engine.ts'
import type { AlarmEngine } from '../../gateway/alarms/port.ts'
import { limitsSchema } from '../../gateway/config/alarm-settings.ts'
import type { UnstoredOutcome } from '../../gateway/intake/intake-options.ts'
import { Intake } from '../../gateway/intake/intake.ts'
import { openJournal } from '../../gateway/journal/journal.ts'
import type { Journal, SpaceFacts } from '../../gateway/journal/port.ts'
import type { Lane } from '../../protocols/domain/colour.ts'
import type { JournalRecord } from '../../protocols/domain/record.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'

export interface Box {
  journal: Journal
  intake: Intake
  states: SpaceFacts['state'][]
}

export interface BoxParts {
  engine?: (real: AlarmEngine) => AlarmEngine
  journal?: (real: Journal) => Journal
  monotonicMs?: () => number
  pause?: (ms: number) => Promise<void>
  onUnstored?: (outcome: UnstoredOutcome) => void
}

export async function openBox(folder: string, parts: BoxParts = {}): Promise<Box> {
  const clock = createSystemClock()
  const logger = pino({ level: 'silent' })
  const journal = await openJournal({
    folder,
    clock,
    random: createSystemRandom(),
    logger,
    bootId: 'boot-a',
    commitWindowMs: 5,
  })
  const engine = createAlarmEngine({
    boxId: 'box',
    zones: [],
    devices: [],
    rules: [],
    limits: limitsSchema.parse({}),
  })
  const intake = new Intake({
    journal: parts.journal?.(journal) ?? journal,
    engine: parts.engine?.(engine) ?? engine,
    now: () => {
      const sinceBootMs = clock.monotonicMs()
      return { boot: 1, sinceBootMs, atMs: clock.wallMs(), clock: 'synced', steadyMs: sinceBootMs }
    },
    steadyBaseOf: () => 0,
    monotonicMs: parts.monotonicMs ?? (() => clock.monotonicMs()),
    ...(parts.pause ? { pause: parts.pause } : {}),
    logger,
    metrics: new Registry(),
  })
  if (parts.onUnstored) intake.onUnstored(parts.onUnstored)
  const states: SpaceFacts['state'][] = []
  journal.onSpace(({ state }) => states.push(state))
  await intake.start()
  return { journal, intake, states }
}

export const message = (
  device: string,
  id: string,
  readings: object,
): { device: string; topic: string; payload: Uint8Array } => ({
  device,
  topic: `gengfu/v1/${device}/event`,
  payload: Buffer.from(JSON.stringify({ id, ...readings })),
})

export async function stored(journal: Journal, lane: Lane): Promise<JournalRecord[]> {
  const records: JournalRecord[] = []
  for (let after = 0; ;) {
    const rows = await journal.read(lane, after, { recordsMax: 5000, bytesMax: 8_000_000 })
    const last = rows.at(-1)
    if (!last) return records
    after = last.number
    records.push(...rows.map(({ body }) => JSON.parse(body) as JournalRecord))
  }
}
