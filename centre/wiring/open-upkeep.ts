// Wires the work by the clock: deadlines of cases, the check of the audit trail, and the deletion after terms.
import { join } from 'node:path'
import { AuditWatch } from '../deadlines/audit-watch.ts'
import type { Attendance } from '../accounts/attendance.ts'
import { DeadlineClock } from '../deadlines/deadline-clock.ts'
import { DutyClock } from '../deadlines/duty-clock.ts'
import type { CommandSender } from '../commands/command-sender.ts'
import { LinkageClock } from '../villages/linkage-clock.ts'
import { SearchCatchUp } from '../retention/search-catch-up.ts'
import { RetentionSweep } from '../retention/retention-sweep.ts'
import type { AuditHead } from '../../protocols/uplink/receipt.ts'
import type { Storage, StoredChange } from '../storage/port.ts'
import type { Base } from './base.ts'

export interface OpenUpkeepOptions {
  storage: Storage
  attendance: Attendance
  push: (changes: readonly StoredChange[]) => void
  anchor: (head: AuditHead) => void
}

export function openUpkeep(base: Base, { storage, attendance, push, anchor }: OpenUpkeepOptions): void {
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
    anchor,
    clock,
    logger: logger.child({ part: 'audit' }),
    registry,
  })
  const retention = new RetentionSweep({ storage, settings: config.retention, clock, logger, registry })
  const duty = new DutyClock({
    holders: (nowMs) => storage.caseHolders(nowMs),
    silentForMs: (user) => attendance.silentForMs(user),
    redistribute: (who, why, nowMs) => storage.redistribute(who, why, nowMs),
    night: config.cases.night,
    passNight: (to, nowMs) => storage.passNight(to, nowMs),
    clock,
    logger: logger.child({ part: 'cases' }),
    push,
  })
  duty.start()
  parts.add('hands of cases', () => duty.stop())
  deadlines.start()
  parts.add('deadlines of cases', () => deadlines.stop())
  audit.start()
  parts.add('audit watch', () => audit.stop())
  const search = new SearchCatchUp({ storage, clock, logger })
  search.start()
  parts.add('search index', () => search.stop())
  retention.start()
  parts.add('retention', () => retention.stop())
}

export interface OpenLinkageOptions {
  storage: Storage
  commands: CommandSender
  push: (changes: readonly StoredChange[]) => void
}

/** Returns what hears of every change that is stored. */
export function openLinkage(
  { clock, logger, parts }: Base,
  { storage, commands, push }: OpenLinkageOptions,
): (changes: readonly StoredChange[]) => void {
  const linkage = new LinkageClock({
    storage,
    clock,
    logger: logger.child({ part: 'villages' }),
    push,
    adopt: (stored) => commands.adopt(stored),
  })
  linkage.start()
  parts.add('linkage between villages', () => linkage.stop())
  return (changes) => linkage.heard(changes)
}
