// The uplink's counters for /metrics; labels are lanes and fixed reasons only.
import { Counter, Gauge, type Registry } from 'prom-client'
import { lanes } from '../../protocols/domain/colour.ts'
import type { UplinkState, UplinkFacts } from './port.ts'
import { uplinkStates } from './port.ts'
import type { SessionEvents } from './session-events.ts'

export interface UplinkMetrics {
  events: SessionEvents
  connected: () => void
  /** Pictures by outcome; labels: outcome. */
  pictures: Counter<'outcome'>
  rewound: Counter
  closed: (why: 'failed' | 'closed' | 'deaf') => void
  state: (state: UplinkState) => void
}

export function createUplinkMetrics(registry: Registry, facts: () => Promise<UplinkFacts>): UplinkMetrics {
  const registers = [registry]
  const pictures = new Counter({
    name: 'gengfu_uplink_pictures_total',
    help: 'Files of pictures: reached the centre, gone before they did, or not taken yet, by reason',
    labelNames: ['outcome'] as const,
    registers,
  })
  const rewound = new Counter({
    name: 'gengfu_uplink_rewound_total',
    help: 'Times that the data folder was found to have gone back to an earlier state',
    registers,
  })
  const connections = new Counter({
    name: 'gengfu_uplink_connections_total',
    help: 'Connections to the centre that were opened',
    registers,
  })
  const closes = new Counter({
    name: 'gengfu_uplink_closes_total',
    help: 'Attempts that failed and connections that ended',
    labelNames: ['why'],
    registers,
  })
  const state = new Gauge({
    name: 'gengfu_uplink_state',
    help: '1 for the state the link is in',
    labelNames: ['state'],
    registers,
  })
  addGauges(registry, facts)
  return {
    events: createSessionEvents(registry),
    rewound,
    pictures,
    connected: () => connections.inc(),
    closed: (why) => closes.inc({ why }),
    state: (now) => {
      for (const name of uplinkStates) state.set({ state: name }, name === now ? 1 : 0)
    },
  }
}

/** What the session counts: Reports and their Receipts. */
function createSessionEvents(registry: Registry): SessionEvents {
  const registers = [registry]
  const labelNames = ['lane'] as const
  const counter = (name: string, help: string) => new Counter({ name, help, labelNames, registers })
  const sent = counter('gengfu_uplink_sent_records_total', 'Records sent to the centre, repeats included')
  const resent = counter(
    'gengfu_uplink_resent_records_total',
    'Records that the centre lacked and that went again',
  )
  const receipted = counter('gengfu_uplink_receipted_records_total', 'Records the centre has receipted')
  const lost = counter(
    'gengfu_uplink_lost_at_centre_records_total',
    'Receipted records that the centre no longer had and asked for again',
  )
  const wire = counter('gengfu_uplink_wire_bytes_total', 'Bytes of Reports on the wire')
  const reports = counter('gengfu_uplink_reports_total', 'Reports sent')
  const skipped = counter(
    'gengfu_uplink_skipped_records_total',
    'Records gone from the journal before they were sent',
  )
  const reads = new Counter({
    name: 'gengfu_uplink_failed_reads_total',
    help: 'Reads of the journal that brought nothing',
    labelNames: ['how'],
    registers,
  })
  const refused = new Counter({
    name: 'gengfu_uplink_refused_receipts_total',
    help: 'Receipts that were refused',
    labelNames: ['reason'],
    registers,
  })
  return {
    sent: (lane, report) => {
      sent.inc({ lane }, report.records)
      if (report.isAgain) resent.inc({ lane }, report.records)
      wire.inc({ lane }, report.wireBytes)
      reports.inc({ lane })
    },
    receipted: (lane, records) => receipted.inc({ lane }, records),
    steppedBack: (lane, records) => lost.inc({ lane }, records),
    receiptRefused: (reason) => refused.inc({ reason }),
    skipped: (lane, { from, to }) => skipped.inc({ lane }, to - from + 1),
    pictureSent: (wireBytes) => {
      wire.inc({ lane: 'picture' }, wireBytes)
    },
    readFailed: (_lane, how) => reads.inc({ how }),
  }
}

/** The values when `/metrics` is read. */
function addGauges(registry: Registry, facts: () => Promise<UplinkFacts>): void {
  const registers = [registry]
  const labelNames = ['lane'] as const
  const gauge = (
    name: string,
    help: string,
    read: (facts: UplinkFacts, lane: (typeof lanes)[number]) => number,
  ) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      async collect() {
        const now = await facts()
        for (const lane of lanes) this.set({ lane }, read(now, lane))
      },
    })
  gauge('gengfu_uplink_waiting_records', 'Records without a Receipt', (now, lane) => now.lanes[lane].waiting)
  gauge(
    'gengfu_uplink_oldest_age_seconds',
    'Age of the oldest record without a Receipt',
    (now, lane) => now.lanes[lane].oldestAgeMs / 1000,
  )
  const link = (name: string, help: string, read: (facts: UplinkFacts) => number) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(read(await facts()))
      },
    })
  link(
    'gengfu_uplink_waiting_pictures',
    'Files of pictures that the centre does not have',
    (now) => now.pictures.waiting,
  )
  link('gengfu_uplink_waiting_picture_bytes', 'Their bytes', (now) => now.pictures.bytes)
  link('gengfu_uplink_rate_bytes_per_second', 'Measured rate of the link', (now) => now.bytesPerSecond)
  link('gengfu_uplink_round_trip_seconds', 'Measured round trip', (now) => now.roundTripMs / 1000)
}
