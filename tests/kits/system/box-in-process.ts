// A gateway inside the test's own process, with a clock that the test may step: for tests with many starts or wrong
// times. Devices are real MQTT clients.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { pino } from 'pino'
import { stringify } from 'yaml'
import { CentreChanges } from '../../../gateway/config/centre-changes.ts'
import { parseGatewayConfig } from '../../../gateway/config/config.ts'
import { createGateway, type Gateway, type GatewayOptions } from '../../../gateway/gateway.ts'
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'
import { describeProblems } from '../../../protocols/kit/result.ts'

/** The system's clock with a wall that can be stepped. */
export interface SteppedClock extends Clock {
  offsetMs: number
}

export function createSteppedClock(): SteppedClock {
  const system = createSystemClock()
  const clock: SteppedClock = {
    offsetMs: 0,
    monotonicMs: () => system.monotonicMs(),
    wallMs: () => system.wallMs() + clock.offsetMs,
    after: (delayMs, run) => system.after(delayMs, run),
  }
  return clock
}

export interface BoxInProcess {
  gateway: Gateway
  mqttUrl: string
  consoleUrl: string
}

export interface BoxFolder {
  folder: string
  remove(): void
}

export function createBoxFolder(): BoxFolder {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-box-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Starts a gateway on `folder` with ports chosen by the system; `config` is merged over the rest. */
export async function startBox(
  folder: string,
  config: object = {},
  more: {
    clock?: Clock
    bootId?: string
    sinceBootMs?: () => number
    isSystemSynced?: () => boolean
    wrapJournal?: GatewayOptions['wrapJournal']
  } = {},
): Promise<BoxInProcess> {
  const parsed = parseGatewayConfig(
    stringify({
      box: { id: 'upper-brook' },
      dataDir: join(folder, 'box'),
      mqtt: { listeners: [{ host: '127.0.0.1', port: 0 }], anonymous: true },
      console: { port: 0 },
      ...config,
    }),
    folder,
  )
  if (!parsed.ok) throw new Error(describeProblems(parsed.problems))
  const gateway = createGateway({
    config: parsed.value,
    logger: pino({ level: 'silent' }),
    clock: more.clock ?? createSystemClock(),
    random: createSystemRandom(),
    version: '0.0.0',
    bootId: more.bootId ?? 'boot-a',
    // The result must not depend on whether this machine keeps its time.
    isSystemSynced: more.isSystemSynced ?? (() => false),
    ...(more.wrapJournal ? { wrapJournal: more.wrapJournal } : {}),
    ...(more.sinceBootMs ? { sinceBootMs: more.sinceBootMs } : {}),
  })
  await gateway.start()
  const { mqtt, console } = gateway.addresses()
  return { gateway, mqttUrl: `mqtt://127.0.0.1:${mqtt[0]?.port}`, consoleUrl: console }
}

/** A gateway as `gengfu gateway` runs it on a file: what changes its configuration starts it anew. */
export interface BoxFromFile {
  box(): BoxInProcess
  /** Resolves when it has been started so often. */
  started(times: number): Promise<void>
  stop(): Promise<void>
}

export async function startBoxFromFile(file: string): Promise<BoxFromFile> {
  let current: BoxInProcess | undefined
  let starts = 0
  let isStopped = false
  const waiting: [times: number, resolve: () => void][] = []
  const start = async (): Promise<void> => {
    const opened = CentreChanges.open(file)
    if (!opened.ok) throw new Error(describeProblems(opened.problems))
    const { config, centre, registry } = opened.value
    const gateway = createGateway({
      config,
      centreConfig: centre,
      registry,
      logger: pino({ level: 'silent' }),
      clock: createSystemClock(),
      random: createSystemRandom(),
      version: '0.0.0',
      bootId: 'boot-a',
      isSystemSynced: () => false,
    })
    await gateway.start()
    const { mqtt, console } = gateway.addresses()
    current = { gateway, mqttUrl: `mqtt://127.0.0.1:${mqtt[0]?.port}`, consoleUrl: console }
    starts++
    for (const [times, resolve] of waiting) if (starts >= times) resolve()
    gateway.failed.catch(async () => {
      await gateway.stop()
      if (!isStopped) await start()
    })
  }
  await start()
  return {
    box: () => current as BoxInProcess,
    started: (times) =>
      new Promise((resolve) => (starts >= times ? resolve() : void waiting.push([times, resolve]))),
    stop: async () => {
      isStopped = true
      await current?.gateway.stop()
    },
  }
}

/** Publishes events of one device, one after the other, each acknowledged before the next. */
export async function sendEvents(url: string, device: string, events: readonly object[]): Promise<void> {
  const client = await connectAsync(url, { clientId: device, protocolVersion: 4, reconnectPeriod: 0 })
  try {
    for (const event of events)
      await client.publishAsync(`gengfu/v1/${device}/event`, JSON.stringify(event), { qos: 1 })
  } finally {
    await client.endAsync()
  }
}
