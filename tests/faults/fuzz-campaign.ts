// Hostile clients send mutated packets to a real gateway while honest devices publish: does it stay up, is no honest
// event lost, how much later are they answered, and does memory return? Calm and attacked in the same run.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { EventsAnswer } from '../../protocols/desk/api.ts'
import { boxEnvironment } from '../bench/figures/box-environment.ts'
import { percentile } from '../bench/figures/figures.ts'
import { residentMegabytes } from '../bench/figures/kernel-figures.ts'
import { RawDevice } from '../bench/load/raw-device.ts'
import type { AttackOrder } from '../fuzz/attacker-process.ts'
import type { AttackReport } from '../fuzz/broker-attack.ts'
import { createTown, type Program, type TestTown } from '../kits/system/programs.ts'

export interface FuzzCampaignPlan {
  packets: number
  hostile: number
  honest: number
  seed: number
  /** How long the honest devices publish alone, before and after. */
  calmMs: number
  progress?: (text: string) => void
}

/** Milliseconds from an event to its PUBACK at the 99th percentile, by kind. */
export interface Answered {
  events: number
  pressP99Ms: number
  reportP99Ms: number
}

export interface FuzzCampaignResult {
  attack: AttackReport
  isGatewayRunning: boolean
  calm: Answered
  attacked: Answered
  /** Events with a PUBACK that are missing at the centre, and doubled events. */
  lost: string[]
  doubled: string[]
  /** Times an honest device lost its connection. */
  dropped: number
  residentBeforeMb: number
  residentAfterMb: number
}

const betweenEventsMs = 400
const settleMs = 15_000
const drainMsMax = 120_000
/**
 * A tenth of the attack runs first, so that the memory compared is that of a box that has already seen attacks and
 * served devices.
 */
const warmUpPacketsMax = 50_000

class HonestDevice {
  readonly isButton: boolean
  readonly device: RawDevice
  readonly acked: string[] = []
  dropped = 0
  waits: number[] = []
  #isEnding = false
  readonly #under: { id: string; atMs: number }[] = []
  #made = 0

  constructor(name: string, isButton: boolean) {
    this.isButton = isButton
    this.device = new RawDevice(name, {
      onAck: () => this.#hear(),
      onEnd: () => {
        if (!this.#isEnding) this.dropped++
      },
    })
  }

  publish(): void {
    const id = `1-${++this.#made}`
    const reading = this.isButton ? '"button":"pressed"' : '"temperatureC":21.5,"batteryPercent":87'
    this.#under.push({ id, atMs: performance.now() })
    this.device.publish(`{"id":"${id}",${reading}}`)
  }

  #hear(): void {
    const first = this.#under.shift()
    if (!first) return
    this.acked.push(first.id)
    this.waits.push(performance.now() - first.atMs)
  }

  get isAnswered(): boolean {
    return this.#under.length === 0
  }

  end(): void {
    this.#isEnding = true
    this.device.end()
  }
}

export async function runFuzzCampaign(plan: FuzzCampaignPlan): Promise<FuzzCampaignResult> {
  const { packets, hostile, honest, seed, calmMs, progress } = plan
  const town = await createTown({
    devices: Array.from({ length: honest }, (_, i) => ({
      id: `honest-${i}`,
      kind: i % 5 === 0 ? 'button' : 'other',
    })),
  })
  const devices = Array.from({ length: honest }, (_, i) => new HonestDevice(`honest-${i}`, i % 5 === 0))
  let timer: NodeJS.Timeout | undefined
  try {
    await town.startCentre()
    const gateway = await town.startGateway(boxEnvironment())
    const { mqtt: port } = town.ports
    await attackWith({ port, packets: Math.min(packets / 10, warmUpPacketsMax), hostile, seed: seed + 1000 })
    await pause(settleMs)
    for (const { device } of devices) await device.connect(port)
    let next = 0
    timer = setInterval(() => devices[next++ % honest]?.publish(), betweenEventsMs / honest)
    await pause(2000)
    takeAnswers(devices)
    await pause(calmMs)
    const before = takeAnswers(devices)
    const residentBeforeMb = residentMegabytes(gateway.pid)
    progress?.(`calm: ${JSON.stringify(summary([before]))}`)
    const attack = await attackWith({ port, packets, hostile, seed }, progress)
    const attacked = summary([takeAnswers(devices)])
    await pause(calmMs)
    const after = takeAnswers(devices)
    clearInterval(timer)
    for (let i = 0; i < 100 && devices.some(({ isAnswered }) => !isAnswered); i++) await pause(100)
    await pause(settleMs)
    return {
      attack,
      isGatewayRunning: gateway.isRunning,
      calm: summary([before, after]),
      attacked,
      ...(await compare(town, gateway, devices)),
      dropped: devices.reduce((sum, { dropped }) => sum + dropped, 0),
      residentBeforeMb,
      residentAfterMb: residentMegabytes(gateway.pid),
    }
  } finally {
    clearInterval(timer)
    for (const device of devices) device.end()
    await town.close()
  }
}

function attackWith(order: AttackOrder, progress?: (text: string) => void): Promise<AttackReport> {
  const child = fork(fileURLToPath(new URL('../fuzz/attacker-process.ts', import.meta.url)), [], {
    execArgv: ['--import', 'tsx'],
  })
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the attackers ended with ${code}`)))
    child.on('message', ({ isOver, report }: { isOver: boolean; report: AttackReport }) => {
      progress?.(`${report.packetsSent} packets on ${report.connections} connections`)
      if (!isOver) return
      child.disconnect()
      resolve(report)
    })
    child.send(order)
  })
}

interface Taken {
  presses: number[]
  reports: number[]
}

/** The answers since the last call. */
function takeAnswers(devices: readonly HonestDevice[]): Taken {
  const taken: Taken = { presses: [], reports: [] }
  for (const device of devices) {
    const { waits } = device
    device.waits = []
    ;(device.isButton ? taken.presses : taken.reports).push(...waits)
  }
  return taken
}

function summary(parts: readonly Taken[]): Answered {
  const presses = parts.flatMap((part) => part.presses)
  const reports = parts.flatMap((part) => part.reports)
  return {
    events: presses.length + reports.length,
    pressP99Ms: percentile(presses, 0.99),
    reportP99Ms: percentile(reports, 0.99),
  }
}

/** Waits until the centre has the acknowledged events, and returns the missing and doubled ones. */
async function compare(
  town: TestTown,
  gateway: Program,
  devices: readonly HonestDevice[],
): Promise<{ lost: string[]; doubled: string[] }> {
  const stored = new Map<string, number>()
  const isMissing = (name: string): boolean => !stored.has(name)
  const names = devices.flatMap(({ acked, device }) => acked.map((id) => `${device.id} ${id}`))
  const endMs = performance.now() + drainMsMax
  let after = ''
  for (;;) {
    const page = await town.get<EventsAnswer>(`/api/v1/events?box=${town.boxId}&limit=500&after=${after}`)
    for (const { record } of page.events)
      if (record.type === 'event') {
        const name = `${record.device} ${record.messageId}`
        stored.set(name, (stored.get(name) ?? 0) + 1)
      }
    after = page.next
    if (!page.isEnd) continue
    if (!names.some(isMissing) || performance.now() > endMs || !gateway.isRunning) break
    await pause(1000)
  }
  return {
    lost: names.filter(isMissing),
    doubled: names.filter((name) => (stored.get(name) ?? 0) > 1),
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
