// What the intake of Reports counts, for `/metrics`.
import { Counter, Histogram, type Registry } from 'prom-client'

export function createIntakeCounters(registry: Registry) {
  const registers = [registry]
  const name = (rest: string) => `gengfu_centre_${rest}`
  return {
    records: new Counter({
      name: name('records_stored_total'),
      help: 'Records stored, by lane',
      labelNames: ['lane'],
      registers,
    }),
    repeats: new Counter({
      name: name('records_repeated_total'),
      help: 'Records that were stored before',
      registers,
    }),
    givenUp: new Counter({
      name: name('records_given_up_total'),
      help: 'Records that a box no longer had, by lane: gone for good',
      labelNames: ['lane'],
      registers,
    }),
    unreadable: new Counter({
      name: name('messages_unreadable_total'),
      help: 'Reports put into quarantine',
      registers,
    }),
    spoilt: new Counter({
      name: name('records_spoilt_total'),
      help: 'Records that fail their commit, each put into quarantine alone',
      registers,
    }),
    conflicts: new Counter({
      name: name('records_conflicting_total'),
      help: 'Repeated numbers with another record than the stored one, by lane: a box went back to an earlier state',
      labelNames: ['lane'],
      registers,
    }),
    refused: new Counter({
      name: name('reports_refused_total'),
      help: 'Reports not taken: storage failing or too much waiting',
      registers,
    }),
    commitSeconds: new Histogram({
      name: name('commit_seconds'),
      help: 'One synced commit',
      buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
      registers,
    }),
  }
}
