// Is anything that was due to a receiver of a box lost when the box is killed at random moments, and does what arrives twice have the same id?
// A real box, buttons that are pressed all the time, and receivers that are slow, refuse, close and lie. What counts is what a button was
// told: a press with its PUBACK is due.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { stringify } from 'yaml'
import { createSeededRandom, type Random } from '../../../protocols/kit/random.ts'
import { freePort, Program } from '../../kits/system/programs.ts'
import type { OutletKillPlan } from './outlet-kills.ts'
import { openStation, openWebhook, type Got } from './receivers.ts'

export interface BoxKillResult {
  kills: number
  /** Presses whose PUBACK came. */
  pressed: number
  handedOver: number
  repeats: number
  /** A button and a receiver that never got its call. */
  lost: string[]
  /** A button and a receiver that got its one call under two ids. */
  renamed: string[]
  /** Messages that wait at the end. */
  waiting: number
}

const pressesMax = 3
const pauseMsMax = 400
const drainMsMax = 120_000

interface Home {
  config: string
  mqtt: number
  console: number
  got: { hook: Got; station: Got }
  close: () => void
}

async function openHome({ folder, seed, kills }: OutletKillPlan): Promise<Home> {
  const random = createSeededRandom(seed + 1)
  const got: Home['got'] = { hook: new Map(), station: new Map() }
  const hook = await openWebhook(got.hook, random, 'device')
  const station = await openStation(got.station, random, /d-\d+/)
  const [mqtt, console] = [await freePort(), await freePort()]
  const common = { rules: [{ kinds: ['sos'] }], followUps: [], timeoutSeconds: 2 }
  const receivers = [{ host: '127.0.0.1', port: station.port }]
  const config = {
    box: { id: 'upper-brook', name: 'Upper Brook' },
    dataDir: join(folder, 'box'),
    mqtt: { listeners: [{ host: '127.0.0.1', port: mqtt }], anonymous: true },
    console: { port: console },
    // Each is pressed once: its call is told from every other one.
    devices: Array.from({ length: kills * pressesMax }, (_, at) => ({ id: `d-${at + 1}`, kind: 'button' })),
    outlets: [
      { ...common, name: 'hook', type: 'webhook', url: hook.url },
      { ...common, name: 'station', type: 'sia-dc09', account: '1234', sendsText: true, receivers },
    ],
  }
  writeFileSync(join(folder, 'gateway.yaml'), stringify(config))
  return {
    config: join(folder, 'gateway.yaml'),
    mqtt,
    console,
    got,
    close: () => {
      hook.server.closeAllConnections()
      hook.server.close()
      station.server.close()
    },
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function start({ config }: Home): Promise<Program> {
  const program = new Program(['gateway', '--config', config])
  await program.said('gateway is listening')
  return program
}

/** Resolves when the broker has acknowledged it; rejects when the box was killed before. */
async function press({ mqtt }: Home, device: string): Promise<void> {
  const url = `mqtt://127.0.0.1:${mqtt}`
  const common = { protocolVersion: 4, reconnectPeriod: 0, connectTimeout: 5000 } as const
  // Without retries it rejects when the box is killed before its CONNACK.
  const client = await connectAsync(url, { ...common, clientId: device }, false)
  client.on('error', () => undefined)
  try {
    const gone = new Promise<never>((_resolve, reject) =>
      client.once('close', () => reject(new Error('closed'))),
    )
    const body = JSON.stringify({ id: '1-1', button: 'pressed' })
    await Promise.race([client.publishAsync(`gengfu/v1/${device}/event`, body, { qos: 1 }), gone])
  } finally {
    client.end(true)
  }
}

async function round(home: Home, random: Random, made: { count: number }, pressed: string[]): Promise<void> {
  const program = await start(home)
  const killed = pause(20 + random.next() * pauseMsMax).then(() => program.end('SIGKILL'))
  const presses: Promise<unknown>[] = []
  for (let at = random.between(1, pressesMax); at > 0; at--) {
    const device = `d-${++made.count}`
    presses.push(
      press(home, device).then(
        () => pressed.push(device),
        () => undefined,
      ),
    )
    await pause(random.next() * 30)
  }
  await killed
  await Promise.all(presses)
}

async function waitingAt({ console }: Home): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${console}/api/v1/outlets`)
  const { outlets } = (await response.json()) as { outlets: { waiting: number }[] }
  return outlets.reduce((sum, one) => sum + one.waiting, 0)
}

function judge({ got }: Home, kills: number, pressed: readonly string[], waiting: number): BoxKillResult {
  const result: BoxKillResult = {
    kills,
    pressed: pressed.length,
    handedOver: 0,
    repeats: 0,
    lost: [],
    renamed: [],
    waiting,
  }
  for (const [outlet, of] of Object.entries(got) as [string, Got][]) {
    for (const device of pressed) if (!of.has(device)) result.lost.push(`${device} at ${outlet}`)
    for (const [device, ids] of of) {
      result.handedOver++
      if (ids.size > 1) result.renamed.push(`${device} at ${outlet}: ${[...ids.keys()].join(', ')}`)
      for (const times of ids.values()) result.repeats += times - 1
    }
  }
  return result
}

export async function runBoxOutletKills(plan: OutletKillPlan): Promise<BoxKillResult> {
  const random = createSeededRandom(plan.seed)
  const home = await openHome(plan)
  const made = { count: 0 }
  const pressed: string[] = []
  let last: Program | undefined
  try {
    for (let kill = 1; kill <= plan.kills; kill++) {
      await round(home, random, made, pressed)
      if (kill % 10 === 0) plan.progress?.(`${kill} kills, ${pressed.length} presses acknowledged`)
    }
    last = await start(home)
    const endMs = performance.now() + drainMsMax
    const due = async (): Promise<boolean> => {
      const { hook, station } = home.got
      if (pressed.some((device) => !hook.has(device) || !station.has(device))) return true
      return (await waitingAt(home)) > 0
    }
    while ((await due()) && performance.now() < endMs) await pause(200)
    return judge(home, plan.kills, pressed, await waitingAt(home))
  } finally {
    await last?.end('SIGTERM')
    home.close()
  }
}
