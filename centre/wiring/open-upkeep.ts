// What the centre does by the clock: deadlines of cases, the check of the audit trail, and what is past its term.
import { join } from 'node:path'
import { AuditWatch } from '../deadlines/audit-watch.ts'
import { DeadlineClock } from '../deadlines/deadline-clock.ts'
import { PeopleUpkeep } from '../people/people-upkeep.ts'
import { RetentionSweep } from '../retention/retention-sweep.ts'
import type { Storage, StoredChange } from '../storage/port.ts'
import type { Base } from './base.ts'

export interface OpenUpkeepOptions {
  storage: Storage
  push: (changes: readonly StoredChange[]) => void
}

export function openUpkeep(base: Base, { storage, push }: OpenUpkeepOptions): void {
  const { config, logger, clock, registry, parts } = base
  const deadlines = new DeadlineClock({
    passDeadlines: (nowMs) => storage.passDeadlines(nowMs),
    clock,
    logger: logger.child({ part: 'cases' }),
    push,
  })
  const audit = new AuditWatch({
    verify: () => storage.verifyAudit(),
    headsFile: join(config.dataDir, 'audit-heads.jsonl'),
    clock,
    logger: logger.child({ part: 'audit' }),
    registry,
  })
  const retention = new RetentionSweep({ storage, settings: config.retention, clock, logger, registry })
  const people = new PeopleUpkeep({ storage, clock, logger: logger.child({ part: 'people' }), registry })
  deadlines.start()
  parts.add('deadlines of cases', () => deadlines.stop())
  audit.start()
  parts.add('audit watch', () => audit.stop())
  people.start()
  parts.add('terms of people', () => people.stop())
  retention.start()
  parts.add('retention', () => retention.stop())
}
