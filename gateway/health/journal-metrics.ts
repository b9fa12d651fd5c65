// The journal on /metrics: the position of each lane, the size of the file, the free space.
import { Gauge, type Registry } from 'prom-client'
import { lanes, type Lane } from '../../protocols/domain/colour.ts'
import type { Journal } from '../journal/port.ts'

export function registerJournalMetrics(journal: Journal, registry: Registry): void {
  const perLane = (name: string, help: string, value: (lane: Lane) => number): void => {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: ['lane'],
        registers: [],
        collect() {
          for (const lane of lanes) this.set({ lane }, value(lane))
        },
      }),
    )
  }
  const single = (name: string, help: string, value: () => number): void => {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(value())
        },
      }),
    )
  }
  perLane('gengfu_journal_last', 'Last number written, per lane', (lane) => journal.positions()[lane].last)
  perLane(
    'gengfu_journal_receipted',
    'Last number the centre has receipted, per lane',
    (lane) => journal.positions()[lane].receipted,
  )
  single('gengfu_journal_bytes', 'Size of the journal and its log', () => journal.facts().sizeBytes)
  single('gengfu_journal_free_bytes', 'Room left for the journal', () => journal.facts().space.freeBytes)
  single(
    'gengfu_journal_dropped_records',
    'Routine and picture records given up for want of room since the start',
    () => journal.facts().space.dropped,
  )
  single(
    'gengfu_journal_spoilt_records',
    'Records that the flash has spoilt, found since the start',
    () => journal.facts().spoilt,
  )
  single('gengfu_quarantined', 'Unreadable messages in quarantine', () => journal.facts().quarantined)
}
