// The link to the next centre up, if one is configured.
import type { DeskAlarm } from '../../protocols/desk/api.ts'
import type { Storage, StoredChange } from '../storage/port.ts'
import type { Villages } from '../villages/villages.ts'
import type { Base } from './base.ts'

export interface OpenUpwardOptions {
  storage: Storage
  villages: Villages
  onStep: (alarms: readonly DeskAlarm[], changes: readonly StoredChange[]) => void
}

/** `start`, once everything else works; `look`, after something was stored. */
export interface OpenedUpward {
  isConfigured: boolean
  start: () => void
  look: () => void
}

export async function openUpward(base: Base, options: OpenUpwardOptions): Promise<OpenedUpward> {
  const { config, clock, random, registry, parts } = base
  const { upward: settings } = config
  if (!settings) return { isConfigured: false, start: () => undefined, look: () => undefined }
  const { storage, villages, onStep } = options
  // Loaded for a centre that has a next one: the MQTT client costs a tenth of a second at every start.
  const { UpwardLink } = await import('../upward/upward-link.ts')
  const { to, byRule } = settings
  const link = new UpwardLink({
    settings,
    state: await storage.openUpward({ to, byRule }, random.hex(8)),
    storage,
    boxes: () => {
      const ids = villages.ids()
      return { known: ids.length, present: ids.filter((id) => villages.presenceOf(id) === 'present').length }
    },
    onStep,
    clock,
    random,
    logger: base.logger.child({ part: 'upward' }),
    registry,
  })
  parts.add('link to the next centre', () => link.stop())
  return { isConfigured: true, start: () => link.start(), look: () => link.look() }
}
