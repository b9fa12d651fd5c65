// Compares the centre's records of one box with the acknowledged messages of its devices: none lost, none doubled,
// order kept, lanes complete, alarms once.
import type { AlarmsAnswer, DeskAlarm, EventsAnswer, StoredEvent } from '../../protocols/desk/api.ts'
import type { EventRecord } from '../../protocols/domain/record.ts'
import type { Village } from '../../firmware-sim/village/village.ts'
import type { TestTown } from '../kits/system/programs.ts'

export interface VillageFaults {
  acknowledged: number
  stored: number
  /** Acknowledged and not at the centre. */
  lost: string[]
  doubled: string[]
  outOfOrder: string[]
  /** Lanes of an epoch whose numbers are not 1, 2, 3 ... */
  brokenLanes: string[]
  /** Buttons whose row on the desk is missing, doubled, or counts another number than their stored presses. */
  wrongAlarms: string[]
}

export async function compareVillage(
  town: Pick<TestTown, 'get'>,
  boxId: string,
  village: Village,
): Promise<VillageFaults> {
  const byDevice = new Map<string, StoredEvent[]>()
  const numbers = new Map<string, number[]>()
  let after = ''
  let stored = 0
  for (;;) {
    const page = await town.get<EventsAnswer>(`/api/v1/events?box=${boxId}&limit=500&after=${after}`)
    for (const event of page.events) {
      append(numbers, `${event.epoch} ${event.lane}`, event.number)
      if (event.record.type !== 'event') continue
      stored++
      append(byDevice, event.record.device, event)
    }
    after = page.next
    if (page.isEnd) break
  }
  const faults: VillageFaults = {
    acknowledged: 0,
    stored,
    lost: [],
    doubled: [],
    outOfOrder: [],
    brokenLanes: [],
    wrongAlarms: await wrongAlarms(town, boxId, byDevice),
  }
  for (const { id } of village.inhabitants) {
    const ids = (byDevice.get(id) ?? []).map(({ record }) => (record as EventRecord).messageId)
    const known = new Set(ids)
    const acked = village.ackedIds(id)
    faults.acknowledged += acked.length
    for (const messageId of acked) if (!known.has(messageId)) faults.lost.push(`${id} ${messageId}`)
    if (known.size !== ids.length) faults.doubled.push(id)
    const counters = ids.map((messageId) => Number(messageId.split('-')[1]))
    if (counters.some((counter, at) => at > 0 && counter <= (counters[at - 1] ?? 0)))
      faults.outOfOrder.push(id)
  }
  for (const [lane, list] of numbers)
    if (list.toSorted((a, b) => a - b).some((number, at) => number !== at + 1)) faults.brokenLanes.push(lane)
  return faults
}

async function wrongAlarms(
  town: Pick<TestTown, 'get'>,
  boxId: string,
  byDevice: Map<string, StoredEvent[]>,
): Promise<string[]> {
  const rows: DeskAlarm[] = []
  let after: string | undefined = ''
  while (after !== undefined) {
    const page: AlarmsAnswer = await town.get<AlarmsAnswer>(`/api/v1/alarms?limit=200&after=${after}`)
    rows.push(...page.alarms)
    after = page.next
  }
  const wrong: string[] = []
  for (const [device, events] of byDevice) {
    const presses = events.filter(
      ({ record }) => record.type === 'event' && record.readings.button !== undefined,
    )
    // A new journal does not know the old one's alarms: each has a separate row.
    const journals = new Set(presses.map(({ epoch }) => epoch)).size
    const own = rows.filter((row) => row.box === boxId && row.device === device && row.kind === 'sos')
    const counted = own.reduce((sum, row) => sum + row.occurrences, 0)
    if (own.length !== journals || counted !== presses.length)
      wrong.push(`${device}: ${presses.length} presses, ${own.length} rows counting ${counted}`)
  }
  return wrong
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
