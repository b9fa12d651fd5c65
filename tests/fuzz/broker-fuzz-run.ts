// Sends mutated MQTT packets to a real broker while honest devices publish, and reports the outcome for all.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createSeededRandom } from '../../protocols/kit/random.ts'
import { startTestBroker, type TestBroker } from '../kits/broker/test-broker.ts'
import { WireClient } from '../kits/broker/wire-client.ts'
import { attack } from './broker-attack.ts'

export interface FuzzPlan {
  /** Mutated packets to send in all. */
  packets: number
  /** Connections that send them at the same time. */
  hostile: number
  /** Devices that publish events and count their PUBACKs meanwhile. */
  honest: number
  seed: number
  access?: 'strict' | 'open'
}

export interface FuzzReport {
  packetsSent: number
  connections: number
  honestKept: number
  /** Events with a PUBACK that never reached the intake: must be none. */
  honestLost: string[]
  /** Times an honest device lost its connection: must be 0. */
  honestDropped: number
  connectionsLeft: number
  /** Devices that look connected without a connection: must be none. */
  devicesLeft: string[]
  heapBytesBefore: number
  heapBytesAfter: number
  errors: string[]
}

export async function runFuzz(plan: FuzzPlan): Promise<FuzzReport> {
  const test = await startTestBroker({
    settings: { access: plan.access ?? 'strict', limits: { retainedMessages: 500, sessions: 200 } },
  })
  // The test stores every accepted message; mutated ones that were accepted are not checked.
  const seen = new Set<string>()
  test.accepted.push = (...messages) => {
    for (const { device, payload } of messages)
      if (device.startsWith('honest-')) seen.add(Buffer.from(payload).toString())
    return 0
  }
  test.log.push = () => 0
  const report: FuzzReport = {
    packetsSent: 0,
    connections: 0,
    honestKept: 0,
    honestLost: [],
    honestDropped: 0,
    connectionsLeft: 0,
    devicesLeft: [],
    heapBytesBefore: 0,
    heapBytesAfter: 0,
    errors: [],
  }
  const noteError = (error: unknown): void => void report.errors.push(String(error))
  process.on('uncaughtException', noteError)
  process.on('unhandledRejection', noteError)
  try {
    await attackAll(
      test,
      { ...plan, packets: Math.min(plan.packets / 10, 2000), seed: plan.seed + 1 },
      report,
    )
    report.packetsSent = 0
    report.heapBytesBefore = await settledHeap()
    const ending = { isOver: false }
    const honest = Array.from({ length: plan.honest }, (_, i) =>
      beHonest(test, `honest-${i}`, ending, report, seen),
    )
    await attackAll(test, plan, report)
    ending.isOver = true
    await Promise.all(honest)
    for (let i = 0; i < 300 && (await test.count('gengfu_broker_connections')) > 0; i++)
      await new Promise((resolve) => setTimeout(resolve, 10))
    report.connectionsLeft = await test.count('gengfu_broker_connections')
    report.devicesLeft = test.broker
      .sightings()
      .filter(({ state }) => state === 'connected')
      .map(({ device }) => device)
    seen.clear()
    report.heapBytesAfter = await settledHeap()
  } finally {
    process.off('uncaughtException', noteError)
    process.off('unhandledRejection', noteError)
    await test.broker.stop()
  }
  return report
}

async function attackAll(test: TestBroker, plan: FuzzPlan, report: FuzzReport): Promise<void> {
  const random = createSeededRandom(plan.seed)
  const attacker = async (): Promise<void> => {
    while (report.packetsSent < plan.packets) await attack(test.port, random, report)
  }
  await Promise.all(Array.from({ length: plan.hostile }, attacker))
}

async function beHonest(
  test: TestBroker,
  device: string,
  ending: { isOver: boolean },
  report: FuzzReport,
  seen: Set<string>,
): Promise<void> {
  const client = await WireClient.connect(test.port, { clientId: device })
  for (let i = 0; !ending.isOver; i++) {
    const payload = JSON.stringify({ id: `${i}`, device, button: 'pressed' })
    if (await client.publishKept(`gengfu/v1/${device}/event`, payload)) {
      report.honestKept++
      if (!seen.delete(payload)) report.honestLost.push(payload)
    } else {
      report.honestDropped++
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  client.cut()
}

async function settledHeap(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    collect()
  }
  return process.memoryUsage().heapUsed
}
