// Does the town get every acknowledged event exactly once, in order, however often gateway and centre are killed? Real
// processes, real devices over MQTT, SIGKILL at moments from one seed.
import type { EventsAnswer } from '../../protocols/desk/api.ts'
import { createSeededRandom, type Random } from '../../protocols/kit/random.ts'
import { AlarmButton } from '../../firmware-sim/devices/alarm-button.ts'
import { createVillage, type Village } from '../../firmware-sim/village/village.ts'
import { compareVillage, type VillageFaults } from './compare-village.ts'
import { createTown, type Program, type TestTown } from '../kits/system/programs.ts'

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

/** Devices wait only briefly for a PUBACK here, so that a run is short. */
const drainMsMax = 90_000

export async function runKillCampaign(plan: KillPlan): Promise<VillageFaults> {
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
    return await compareVillage(town, town.boxId, village)
  } finally {
    village.stop()
    await town.close()
  }
}

/** Spreads the events over the time that the kills take. */
async function publish(plan: KillPlan, village: Village, random: Random): Promise<void> {
  const kills = Math.max(plan.gatewayKills, plan.centreKills)
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

/** Both programs die at moments of their own, so that sometimes both are away. */
async function kill(
  plan: KillPlan,
  town: TestTown,
  programs: { centre: Program; gateway: Program },
  random: Random,
): Promise<void> {
  const [ofGateway, ofCentre] = [
    createSeededRandom(random.between(0, 2 ** 31)),
    createSeededRandom(random.between(0, 2 ** 31)),
  ]
  const left = { gateway: plan.gatewayKills, centre: plan.centreKills }
  const killEach = async (
    name: 'gateway' | 'centre',
    start: () => Promise<Program>,
    own: Random,
  ): Promise<void> => {
    while (left[name] > 0) {
      await pause(own.next() * plan.pauseMsMax)
      left[name]--
      await programs[name].end('SIGKILL')
      programs[name] = await start()
      if (left[name] % 20 === 0)
        plan.progress?.(`${left.gateway} gateway and ${left.centre} centre kills to go`)
    }
  }
  await Promise.all([
    killEach('gateway', () => town.startGateway(), ofGateway),
    killEach('centre', () => town.startCentre(), ofCentre),
  ])
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

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
