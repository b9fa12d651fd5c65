// The link to the next centre up, if one is configured. Of several centres over one database the one with the duties has it.
import { Gauge } from 'prom-client'
import type { DeskAlarm } from '../../protocols/desk/api.ts'
import type { Storage, StoredChange } from '../storage/port.ts'
import type { UpwardLink } from '../upward/upward-link.ts'
import { UpwardTurns } from '../upward/upward-turns.ts'
import type { Villages } from '../villages/villages.ts'
import type { Base } from './base.ts'

/** Between two attempts to read what waits for the next centre. */
const againMs = 1000

export interface OpenUpwardOptions {
  storage: Storage
  villages: Villages
  onStep: (alarms: readonly DeskAlarm[], changes: readonly StoredChange[]) => void
}

/** `start`, once everything else works; `halt`, when another centre reports; `look`, after something was stored. */
export interface OpenedUpward {
  start: () => void
  halt: () => void
  look: () => void
}

export async function openUpward(base: Base, options: OpenUpwardOptions): Promise<OpenedUpward> {
  const { config, clock, random, registry, parts } = base
  const { upward: settings } = config
  if (!settings) return { start: () => undefined, halt: () => undefined, look: () => undefined }
  const { storage, villages, onStep } = options
  const logger = base.logger.child({ part: 'upward' })
  // Loaded for a centre that has a next one: the MQTT client costs a tenth of a second at every start.
  const { UpwardLink } = await import('../upward/upward-link.ts')
  const { to, byRule } = settings
  // From now on each change of a case is also written for the next centre, whichever centre reports it.
  const readState = () => storage.openUpward({ to, byRule }, random.hex(8))
  await readState()
  const boxes = () => {
    const ids = villages.ids()
    return { known: ids.length, present: ids.filter((id) => villages.presenceOf(id) === 'present').length }
  }
  const turns = new UpwardTurns({
    // The state of now: another centre may have reported meanwhile.
    open: async () =>
      new UpwardLink({ settings, state: await readState(), storage, boxes, onStep, clock, random, logger }),
    onFailed: (error) =>
      logger.error({ err: error }, 'what waits for the next centre could not be read: it is tried again'),
    again: (run) => clock.after(againMs, run),
  })
  createWaitingGauge(registry, () => turns.link)
  parts.add('link to the next centre', () => turns.turn(false))
  return {
    start: () => void turns.turn(true),
    halt: () => void turns.turn(false),
    look: () => turns.link?.look(),
  }
}

function createWaitingGauge(registry: Base['registry'], linkNow: () => UpwardLink | undefined): void {
  new Gauge({
    name: 'gengfu_centre_upward_waiting',
    help: 'Records that wait for a Receipt of the next centre, by lane',
    labelNames: ['lane'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [lane, { last, receipted }] of Object.entries(linkNow()?.positions() ?? {}))
        this.set({ lane }, last - receipted)
    },
  })
}
