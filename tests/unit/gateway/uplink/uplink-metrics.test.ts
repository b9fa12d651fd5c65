// Do the figures of the uplink count what was sent, receipted and refused, by lane, and show the state it is in?
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import type { UplinkFacts } from '../../../../gateway/uplink/port.ts'
import { createUplinkMetrics } from '../../../../gateway/uplink/uplink-metrics.ts'
import { lanes } from '../../../../protocols/domain/colour.ts'

function open() {
  const registry = new Registry()
  const waiting = Object.fromEntries(
    lanes.map((lane) => [lane, { waiting: lane === 'red' ? 2 : 0, oldestAgeMs: lane === 'red' ? 1500 : 0 }]),
  )
  const facts = {
    lanes: waiting,
    bytesPerSecond: 8000,
    roundTripMs: 300,
    pictures: { waiting: 3, bytes: 4000 },
  } as unknown as UplinkFacts
  const metrics = createUplinkMetrics(registry, () => Promise.resolve(facts))
  const lines = async (): Promise<string[]> =>
    (await registry.metrics())
      .split('\n')
      .filter((line) => !line.startsWith('#') && !line.endsWith(' 0') && line !== '')
  return { metrics, lines }
}

it('counts Reports, records, bytes and what went again, by lane', async () => {
  const { metrics, lines } = open()
  metrics.events.sent('red', { records: 2, wireBytes: 100, isAgain: false })
  metrics.events.sent('red', { records: 1, wireBytes: 50, isAgain: true })
  metrics.events.receipted('red', 2)
  metrics.events.steppedBack('blue', 4)
  metrics.events.skipped('routine', { from: 5, to: 9, reason: 'evicted' })
  metrics.events.receiptRefused('other epoch')
  metrics.events.pictureSent(700)
  metrics.events.readFailed('red', 'empty')
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'gengfu_uplink_sent_records_total{lane="red"} 3',
      'gengfu_uplink_resent_records_total{lane="red"} 1',
      'gengfu_uplink_wire_bytes_total{lane="red"} 150',
      'gengfu_uplink_wire_bytes_total{lane="picture"} 700',
      'gengfu_uplink_reports_total{lane="red"} 2',
      'gengfu_uplink_receipted_records_total{lane="red"} 2',
      'gengfu_uplink_lost_at_centre_records_total{lane="blue"} 4',
      'gengfu_uplink_skipped_records_total{lane="routine"} 5',
      'gengfu_uplink_refused_receipts_total{reason="other epoch"} 1',
      'gengfu_uplink_failed_reads_total{how="empty"} 1',
    ]),
  )
})

it('shows one state at a time, the connections, and what waits now', async () => {
  const { metrics, lines } = open()
  metrics.state('connecting')
  metrics.state('up')
  metrics.connected()
  metrics.closed('deaf')
  const shown = await lines()
  expect(shown.filter((line) => line.startsWith('gengfu_uplink_state'))).toEqual([
    'gengfu_uplink_state{state="up"} 1',
  ])
  expect(shown).toEqual(
    expect.arrayContaining([
      'gengfu_uplink_connections_total 1',
      'gengfu_uplink_closes_total{why="deaf"} 1',
      'gengfu_uplink_waiting_records{lane="red"} 2',
      'gengfu_uplink_oldest_age_seconds{lane="red"} 1.5',
      'gengfu_uplink_waiting_pictures 3',
      'gengfu_uplink_waiting_picture_bytes 4000',
      'gengfu_uplink_rate_bytes_per_second 8000',
      'gengfu_uplink_round_trip_seconds 0.3',
    ]),
  )
})
