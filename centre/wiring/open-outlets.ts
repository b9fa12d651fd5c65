// The receivers outside: their queue follows the cases, and their failures are alarms of the centre.
import { createOutlet } from '../outlets/create-outlet.ts'
import { createOutletFigures } from '../outlets/outlet-figures.ts'
import { Outlets } from '../outlets/outlets.ts'
import type { Storage, StoredChange } from '../storage/port.ts'
import type { Base } from './base.ts'
import type { openOwnAlarms } from './open-own-alarms.ts'

export interface OpenOutletsOptions {
  storage: Storage
  own: ReturnType<typeof openOwnAlarms>
  onStored: (changes: readonly StoredChange[]) => void
}

export function openOutlets(base: Base, { storage, own, onStored }: OpenOutletsOptions): Outlets {
  const { config, clock, random, registry, parts } = base
  const { timeZone } = config.people
  const labels = new Map(config.outlets.map(({ name, label }) => [name, label ?? name]))
  const outlets = new Outlets({
    outlets: config.outlets.map((settings) => ({
      settings,
      outlet: createOutlet(settings, { clock, random, timeZone }),
    })),
    timeZone,
    storage,
    clock,
    random,
    logger: base.logger.child({ part: 'outlets' }),
    figures: createOutletFigures(registry),
    troubles: {
      set: (kind, name, words) => own.outlet(kind, name, labels.get(name) ?? name, words),
      standing: (kind) => own.standingOutlets(kind),
    },
    onStored,
  })
  parts.add('outlets', () => outlets.stop())
  return outlets
}
