// Does the town get every acknowledged event exactly once, in order, however often gateway and centre are killed?
// Real processes, real devices over MQTT, SIGKILL at moments from one seed.
import type { AlarmsAnswer, DeskAlarm, EventsAnswer } from '../../protocols/desk/api.ts'
import type { EventRecord } from '../../protocols/domain/record.ts'
import { createSeededRandom, type Random } from '../../protocols/kit/random.ts'
import { AlarmButton } from '../../firmware-sim/devices/alarm-button.ts'
import { createVillage, type Village } from '../../firmware-sim/village.ts'
import { createTown, type Program, type TestTown } from '../system/programs.ts'

export interface KillPlan {
  seed: number
  devices: number
  events: number
  gatewayKills: number
  centreKills: number
  /** Longest pause between two kills, ms. */
  pauseMsMax: number
  progress?: (text: string) => void
}

export interface KillResult {
  acknowledged: number
  stored: number
  /** Acknowledged and not at the centre. */
  lost: string[]
  doubled: string[]
  outOfOrder: string[]
  /** Buttons whose row on the desk is missing, doubled, or counts other than its stored presses. */
  wrongAlarms: string[]
}

/** Devices give up a missing PUBACK quickly here, so that a run is short. */
const drainMsMax = 90_000

export async function runKillCampaign(plan: KillPlan): Promise<KillResult> {
  const random = createSeededRandom(plan.seed)
  const town = await createTown()
  const village = createVillage({
    seed: plan.seed,
    devices: plan.devices,
    url: `mqtt://127.0.0.1:${town.ports.mqtt}`,
    reportIntervalMs: 0,
    queueEventsMax: plan.events,
    backOff: { firstMs: 50, maxMs: 400 },
  })
  try {
    const programs: { centre: Program; gateway: Program } = {
      centre: await town.startCentre(),
      gateway: await town.startGateway(),
    }
    await town.token()
    village.start()
    await Promise.all([publish(plan, village, random), kill(plan, town, programs, random)])
    await drain(plan, town, village)
    return await compare(town, village)
  } finally {
    village.stop()
    await town.close()
  }
}

/** Spreads the events over the time that the kills take. */
async function publish(plan: KillPlan, village: Village, random: Random): Promise<void> {
  const kills = plan.gatewayKills + plan.centreKills
  const spreadMs = kills * (plan.pauseMsMax / 2 + 500)
  const startMs = performance.now()
  for (let made = 0; made < plan.events; made++) {
    const member = random.pick(village.members)
    if (member instanceof AlarmButton && random.next() < 0.3) member.press()
    else member.device.report()
    const dueMs = startMs + (spreadMs * made) / plan.events
    const waitMs = dueMs - performance.now()
    if (waitMs > 1) await pause(waitMs)
  }
}

async function kill(
  plan: KillPlan,
  town: TestTown,
  programs: { centre: Program; gateway: Program },
  random: Random,
): Promise<void> {
  let gatewayKills = plan.gatewayKills
  let centreKills = plan.centreKills
  while (gatewayKills + centreKills > 0) {
    await pause(random.next() * plan.pauseMsMax)
    const isGateway = random.next() * (gatewayKills + centreKills) < gatewayKills
    if (isGateway) {
      gatewayKills--
      await programs.gateway.end('SIGKILL')
      programs.gateway = await town.startGateway()
    } else {
      centreKills--
      await programs.centre.end('SIGKILL')
      programs.centre = await town.startCentre()
    }
    if ((gatewayKills + centreKills) % 20 === 0)
      plan.progress?.(`${gatewayKills} gateway and ${centreKills} centre kills to go`)
  }
}

async function drain(plan: KillPlan, town: TestTown, village: Village): Promise<void> {
  const endMs = performance.now() + drainMsMax
  for (;;) {
    const { waiting, acked } = village.statistics()
    const { events } = await town.get<EventsAnswer>(`/api/v1/events?box=${town.boxId}&limit=1`)
    const health = (await (await fetch(`http://127.0.0.1:${town.ports.console}/api/v1/health`)).json()) as {
      lanes: Record<string, { last: number; receipted: number }>
    }
    const isDrained = Object.values(health.lanes).every(({ last, receipted }) => last === receipted)
    if (waiting === 0 && isDrained && events.length > 0) return
    if (performance.now() > endMs)
      throw new Error(
        `not drained: ${waiting} at devices, ${acked} acknowledged, lanes ${JSON.stringify(health.lanes)}`,
      )
    plan.progress?.(`draining: ${waiting} events still at devices`)
    await pause(250)
  }
}

async function compare(town: TestTown, village: Village): Promise<KillResult> {
  const byDevice = new Map<string, EventRecord[]>()
  let after = ''
  let stored = 0
  for (;;) {
    const page = await town.get<EventsAnswer>(`/api/v1/events?box=${town.boxId}&limit=500&after=${after}`)
    for (const { record } of page.events) {
      if (record.type !== 'event') continue
      stored++
      const list = byDevice.get(record.device)
      if (list) list.push(record)
      else byDevice.set(record.device, [record])
    }
    after = page.next
    if (page.isEnd) break
  }
  const result: KillResult = {
    acknowledged: 0,
    stored,
    lost: [],
    doubled: [],
    outOfOrder: [],
    wrongAlarms: [],
  }
  for (const { id } of village.inhabitants) {
    const events = byDevice.get(id) ?? []
    const ids = events.map(({ messageId }) => messageId)
    const known = new Set(ids)
    const acked = village.ackedIds(id)
    result.acknowledged += acked.length
    for (const messageId of acked) if (!known.has(messageId)) result.lost.push(`${id} ${messageId}`)
    if (known.size !== ids.length) result.doubled.push(id)
    const counters = ids.map((messageId) => Number(messageId.split('-')[1]))
    if (counters.some((counter, at) => at > 0 && counter <= (counters[at - 1] ?? 0)))
      result.outOfOrder.push(id)
  }
  result.wrongAlarms = await wrongAlarms(town, byDevice)
  return result
}

async function wrongAlarms(town: TestTown, byDevice: Map<string, EventRecord[]>): Promise<string[]> {
  const rows: DeskAlarm[] = []
  let after: string | undefined = ''
  while (after !== undefined) {
    const page: AlarmsAnswer = await town.get<AlarmsAnswer>(`/api/v1/alarms?limit=200&after=${after}`)
    rows.push(...page.alarms)
    after = page.next
  }
  const wrong: string[] = []
  for (const [device, events] of byDevice) {
    const presses = events.filter(({ readings }) => readings.button !== undefined).length
    const own = rows.filter((row) => row.device === device && row.kind === 'sos')
    const counted = own.reduce((sum, row) => sum + row.occurrences, 0)
    if (own.length !== Math.min(1, presses) || counted !== presses)
      wrong.push(`${device}: ${presses} presses, ${own.length} rows counting ${counted}`)
  }
  return wrong
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
