// First step: locks the data folder, opens and reads the database, and checks that its two threads answer.
import { hostname } from 'node:os'
import { CaseRuleWatch } from '../deadlines/case-rule-watch.ts'
import type { Remembered, Storage } from '../storage/port.ts'
import { lockDataDir } from '../storage/sqlite/data-lock.ts'
import { isPostgresUrl, postgresAddress } from '../storage/postgres/address.ts'
import { openPostgresStorage } from '../storage/postgres/postgres-storage.ts'
import { sqliteFile } from '../storage/sqlite/database.ts'
import { openSqliteStorage } from '../storage/sqlite/sqlite-storage.ts'
import { centreBox } from '../villages/own-alarms.ts'
import type { Base } from './base.ts'
import { pulseEveryMs, StoragePulse } from './storage-pulse.ts'
import { every } from '../../platform/time/every.ts'
import type { Clock } from '../../protocols/kit/clock.ts'

/** Longest time for the check of the file and its migrations; after it the supervisor's watchdog decides. */
export const openingMsMax = 3_600_000

export interface OpenStorageOptions {
  wrapStorage?: ((storage: Storage) => Storage) | undefined
  onFatal?: ((failure: Error) => void) | undefined
  onAlive?: (() => void) | undefined
}

export interface OpenedStorage {
  storage: Storage
  known: Remembered
  pulse: StoragePulse
  rules: CaseRuleWatch
}

export async function openStorage(base: Base, options: OpenStorageOptions): Promise<OpenedStorage> {
  const { config, logger, clock, parts } = base
  parts.add('lock of the data folder', lockDataDir(config.dataDir))
  const endFeeding = feedWhileOpening(clock, options.onAlive)
  const { storage, known } = await openAndRemember().finally(endFeeding)
  for (const one of known.setAside) logger.error(one, 'stored data makes no sense and is set aside')
  const rules = new CaseRuleWatch({
    storage,
    file: config.cases,
    clock,
    logger: logger.child({ part: 'rules' }),
  })
  await rules.start()
  parts.add('rules for cases', () => rules.stop())
  const { onAlive } = options
  const pulse = new StoragePulse({
    storage,
    clock,
    logger,
    registry: base.registry,
    ...(onAlive ? { onAlive } : {}),
  })
  pulse.start()
  parts.add('pulse of storage', () => pulse.stop())
  return { storage, known, pulse, rules }

  function openNamed(onThreadEnded: (failure: Error) => void): Promise<Storage> {
    const nowMs = clock.wallMs()
    if (!isPostgresUrl(config.storage.url))
      return openSqliteStorage(
        sqliteFile(config.storage.url, config.dataDir),
        nowMs,
        undefined,
        onThreadEnded,
      )
    const name = `gengfu ${hostname()} ${process.pid}`
    return openPostgresStorage({ address: postgresAddress(config.storage), name, nowMs, onThreadEnded })
  }

  async function openAndRemember(): Promise<Pick<OpenedStorage, 'storage' | 'known'>> {
    const opened = await openNamed((failure) => {
      logger.fatal({ err: failure }, 'a storage thread has ended: the centre ends, to be started again')
      options.onFatal?.(failure)
    })
    parts.add('storage', () => opened.close())
    const wrapped = options.wrapStorage?.(opened) ?? opened
    return { storage: wrapped, known: await wrapped.remember([...config.boxes, centreBox]) }
  }
}

/** A migration is one transaction: if the supervisor ended the program in it, each start would begin it anew. */
export function feedWhileOpening(clock: Clock, onAlive: (() => void) | undefined): () => void {
  if (!onAlive) return () => undefined
  const startMs = clock.monotonicMs()
  return every(
    clock,
    pulseEveryMs,
    () => {
      if (clock.monotonicMs() - startMs < openingMsMax) onAlive()
    },
    0,
  )
}
