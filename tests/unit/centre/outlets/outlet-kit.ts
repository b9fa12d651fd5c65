// The queue of outlets over real SQLite, with a receiver whose behaviour the test decides.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { outletSchema, type OutletSettings } from '../../../../centre/config/outlets/outlet-settings.ts'
import { createCaseAnswer } from '../../../../centre/outlets/case-answer.ts'
import type { OutletMessage } from '../../../../platform/outlets/message.ts'
import { createOutletFigures } from '../../../../platform/outlets/queue/outlet-figures.ts'
import { Outlets } from '../../../../centre/outlets/outlets.ts'
import type { Outlet, OutletAnswer, OutletEvents } from '../../../../platform/outlets/port.ts'
import type { Storage } from '../../../../centre/storage/port.ts'
import { openSqliteStorage } from '../../../../centre/storage/sqlite/sqlite-storage.ts'
import type { Alarm } from '../../../../protocols/domain/alarm.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'

/** Without `type`: one that writes files. */
export const settingsOf = (given: object): OutletSettings => {
  const type = 'type' in given ? {} : { type: 'file', folder: '/nowhere' }
  return outletSchema.parse({ name: 'police', rules: [{}], ...type, ...given })
}

/** Answers as the test says: `hang` never does, also not to its signal. */
export class FakeReceiver implements Outlet {
  behaviour: 'good' | 'refuse' | 'refuse-for-good' | 'hang' | 'throw' = 'good'
  readonly got: OutletMessage[] = []
  attempts = 0
  batchMax?: number
  groupMs?: number
  events: OutletEvents | undefined

  preview = (messages: readonly OutletMessage[]): string => JSON.stringify(messages)
  start = (events: OutletEvents): void => void (this.events = events)
  send = async (messages: readonly OutletMessage[]): Promise<OutletAnswer> => {
    this.attempts++
    const { behaviour } = this
    if (behaviour === 'hang') return new Promise(() => undefined)
    if (behaviour === 'throw') throw new Error('connect ECONNREFUSED')
    if (behaviour !== 'good')
      return { state: 'refused', words: 'NAK \u001b[2J busy', isFinal: behaviour === 'refuse-for-good' }
    this.got.push(...messages)
    return { state: 'handed-over', words: 'OK' }
  }
}

export interface Town {
  storage: Storage
  outlets: Outlets
  troubles: Map<string, string>
  /** Answers the id of the case. */
  raise: (part?: Partial<Alarm>) => Promise<string>
}

export interface Store {
  open: (given: readonly { settings: OutletSettings; outlet: Outlet }[], wrap?: Wrap) => Promise<Town>
  close: () => Promise<void>
}

type Wrap = (storage: Storage) => Storage

const clock = createSystemClock()
let raised = 0

/** One file for all tests: each has outlets, alarms and cases of its own. */
export async function openStore(): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-outlets-'))
  const opened = await openSqliteStorage(join(folder, 'centre.db'), clock.wallMs())
  return {
    open: async (given, wrap = (storage) => storage) => openTown(given, wrap(opened)),
    close: async () => {
      await opened.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function openTown(
  given: readonly { settings: OutletSettings; outlet: Outlet }[],
  storage: Storage,
): Promise<Town> {
  const troubles = new Map<string, string>()
  const outlets = new Outlets({
    outlets: given,
    timeZone: 'Asia/Shanghai',
    storage,
    clock,
    random: createSystemRandom(),
    logger: pino({ level: 'silent' }),
    figures: createOutletFigures(new Registry(), 'centre'),
    troubles: {
      set: (kind, name, words) =>
        words === undefined ? troubles.delete(`${kind} ${name}`) : troubles.set(`${kind} ${name}`, words),
      standing: () => [],
    },
    onStored: () => outlets.look(),
    takeAnswer: createCaseAnswer({ storage, clock, onStep: () => outlets.look() }),
  })
  await outlets.start()
  return {
    storage,
    outlets,
    troubles,
    raise: async (part = {}) => {
      const colour = part.colour ?? 'red'
      const id = `sos-${++raised}`
      const alarm: Alarm = {
        id,
        device: `button-${raised}`,
        kind: 'sos',
        colour,
        latchedColour: colour,
        state: 'unacknowledged',
        occurrences: 1,
        zone: 'house-3',
        place: { household: '张三家', phone: '13800000000' },
        text: { zh: '求助', en: 'help' },
        ...part,
      }
      const at = { boot: 1, sinceBootMs: 1, atMs: clock.wallMs(), clock: 'synced' as const }
      const box = '320612104201-1'
      await storage.storeUnstoredCall({ box, at, alarm, receivedAtMs: clock.wallMs() })
      const found = await storage.caseOf({ alarm: `${box}.${id}` })
      outlets.look()
      return found?.case.id ?? ''
    },
  }
}
