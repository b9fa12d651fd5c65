// Several equal centres over one database: changes of the others, boxes that move between them, and the duties that one has for all.
// Over a SQLite file there is none of it.
import { hostname } from 'node:os'
import { Gauge } from 'prom-client'
import { BoxClaims } from '../../cluster/box-claims.ts'
import { ChangeFeed, type ChangeFeedOptions } from '../../cluster/change-feed.ts'
import { SharedPresence, type SharedPresenceOptions } from '../../cluster/shared-presence.ts'
import type { ReceiverCore } from '../../receiver/receiver-core.ts'
import { isPostgresUrl, postgresAddress } from '../../storage/postgres/address.ts'
import { TownSession } from '../../storage/postgres/town-session.ts'
import type { Remembered, Storage } from '../../storage/port.ts'
import type { Base } from '../base.ts'

export interface Cluster {
  claims: BoxClaims
  hasDuties: () => boolean
  /** The sessions of the boxes, once the broker is there. */
  onCut: (cut: (boxes: readonly string[]) => void) => void
  onDuties: (listener: (areHeld: boolean) => void) => void
  /** Starts the feed of changes, from the position that was the last at the start. */
  follow: (options: Pick<ChangeFeedOptions, 'deliver' | 'onMissed'>) => ChangeFeed
  share: (options: Pick<SharedPresenceOptions, 'takeHeard' | 'heardElsewhere' | 'personElsewhere'>) => void
  /** Once everything else works. */
  start: () => Promise<void>
}

export interface OpenClusterOptions {
  storage: Storage
  known: Remembered
  core: ReceiverCore
}

export function openCluster(base: Base, { storage, known, core }: OpenClusterOptions): Cluster | undefined {
  const { config, clock, random, registry, parts } = base
  if (!isPostgresUrl(config.storage.url)) return undefined
  const logger = base.logger.child({ part: 'cluster' })
  // Of this start: a centre that starts again claims its boxes anew.
  const owner = `${hostname()} ${process.pid} ${random.hex(4)}`
  let cut: (boxes: readonly string[]) => void = () => undefined
  let hearDuties: (areHeld: boolean) => void = () => undefined
  let feed: ChangeFeed | undefined
  const claims = new BoxClaims({
    storage,
    owner,
    logger,
    registry,
    adopt: (box, { epochs, lanes }) => core.adopt(box, epochs, lanes),
    cut: (boxes) => cut(boxes),
  })
  const session = new TownSession({
    address: postgresAddress(config.storage),
    owner,
    clock,
    onChange: () => feed?.look(),
    onDuties: (areHeld) => {
      logger.info(
        { areHeld },
        'the duties of the town: deadlines of messages, silent boxes, the next centre up',
      )
      hearDuties(areHeld)
    },
    onFailed: (error) =>
      logger.error({ err: error }, 'the database does not answer: this centre has no duties'),
  })
  createDutyGauge(registry, () => session.hasDuties)
  return {
    claims,
    hasDuties: () => session.hasDuties,
    onCut: (given) => (cut = given),
    onDuties: (given) => (hearDuties = given),
    follow: (options) => {
      const opened = new ChangeFeed({ storage, clock, logger, ...options }, known.lastPosition)
      feed = opened
      opened.start()
      parts.add('changes of other centres', () => opened.stop())
      return opened
    },
    share: (options) => {
      const lost = (boxes: readonly string[]): void => claims.lost(boxes)
      const isMine = (box: string): boolean => claims.has(box)
      const shared = new SharedPresence({ storage, owner, clock, logger, isMine, lost, ...options })
      shared.start()
      parts.add('presence for other centres', () => shared.stop())
    },
    start: async () => {
      parts.add('session with the database', () => session.stop())
      await session.start()
    },
  }
}

function createDutyGauge(registry: Base['registry'], hasDuties: () => boolean): void {
  new Gauge({
    name: 'gengfu_centre_has_duties',
    help: '1 while this centre does the work that one does for all; over all centres the sum must be 1',
    registers: [registry],
    collect() {
      this.set(hasDuties() ? 1 : 0)
    },
  })
}
