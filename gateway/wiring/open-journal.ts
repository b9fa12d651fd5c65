// First step: opens the journal, and the box's clock with it, because the journal counts the boots.
import { createFolder } from '../../platform/disk/create-folder.ts'
import { loadBootBases, type BootBases } from '../clock/boot-bases.ts'
import { BoxClock, createBootTimer, readBootId } from '../clock/box-clock.ts'
import { latestJournalMs, readClockBounds } from '../clock/clock-bounds.ts'
import { watchSystemClock } from '../../platform/disk/system-sync.ts'
import { registerJournalMetrics } from '../health/journal-metrics.ts'
import { openJournal as openFile } from '../journal/journal.ts'
import type { Journal } from '../journal/port.ts'
import type { Base } from './base.ts'

export interface OpenJournalOptions {
  sinceBootMs?: (() => number) | undefined
  bootId?: string | undefined
  wrapJournal?: ((journal: Journal) => Journal) | undefined
  isSystemSynced?: (() => boolean) | undefined
  /** The journal was found damaged while running. */
  onDamaged: (error: Error) => void
}

export interface OpenedJournal {
  journal: Journal
  bases: BootBases
  boxClock: BoxClock
  boot: number
}

const damaged = /^(SQLITE_(CORRUPT|NOTADB)|THREAD|CLOSED)/

export async function openJournal(base: Base, options: OpenJournalOptions): Promise<OpenedJournal> {
  const { config, clock, random, logger, metrics, parts } = base
  createFolder(config.dataDir)
  const opened = await openFile({
    ...config.journal,
    folder: config.dataDir,
    clock,
    random,
    logger: logger.child({ part: 'journal' }),
    bootId: options.bootId ?? readBootId(() => random.hex(16)),
  })
  parts.add('journal', () => opened.close())
  const journal = options.wrapJournal?.(opened) ?? opened
  journal.onRefused((error) => {
    if (damaged.test(error.code)) options.onDamaged(error)
  })
  registerJournalMetrics(journal, metrics)
  const { boot, salvaged } = journal.facts()
  if (salvaged)
    logger.error({ ...salvaged }, 'the journal was damaged; what could be read was saved into a new one')
  const bases = await loadBootBases(journal)
  const boxClock = new BoxClock({
    clock,
    sinceBootMs: options.sinceBootMs ?? createBootTimer(),
    boot,
    steadyBaseMs: bases.baseOf(boot),
    isSystemSynced: options.isSystemSynced ?? watchClock(base),
    bounds: readClockBounds({
      certificateFile: config.uplink?.certFile,
      journalMs: await latestJournalMs(journal),
    }),
  })
  return { journal, bases, boxClock, boot }
}

function watchClock({ clock, parts }: Base): () => boolean {
  const { isSynced, stop } = watchSystemClock(clock)
  parts.add('system clock', stop)
  return isSynced
}
