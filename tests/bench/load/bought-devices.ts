// The price of bought devices: a press through each dialect to the desk, compared with a native press in the same run; and
// the processor and memory of the box for Zigbee2MQTT devices on one bridge, compared with the same native traffic.
import { readFileSync, writeFileSync } from 'node:fs'
import { connectAsync, type MqttClient } from 'mqtt'
import type { WebSocket } from 'ws'
import { parse, stringify } from 'yaml'
import {
  Conversation,
  bridgeSimulatorNames,
  bridgeSimulators,
  villageOf,
} from '../../../firmware-sim/dialects/run-bridge.ts'
import type { SimulatedMessage } from '../../../firmware-sim/dialects/bridge-simulator.ts'
import { createTown } from '../../kits/system/programs.ts'
import { boxEnvironment } from '../figures/box-environment.ts'
import { percentile, printTable, printVerdict, short } from '../figures/figures.ts'
import { processorSeconds, residentMegabytes } from '../figures/kernel-figures.ts'
import { pause, readOptions } from '../options.ts'
import { openDesk, press } from '../press-to-desk.ts'
import { villageDevices } from '../village.ts'
import { Load } from './load.ts'
import { RawDevice } from './raw-device.ts'

const pressMsMax = 10_000
/** Between two presses: no dialect takes them for one. */
const pauseMs = 60
const settleMs = 5000
const warmUp = 10
/** Enough buttons that each of them rests for seconds. */
const inVillage = 200

const gatewayDialect: Record<string, string> = {
  shelly2: 'shelly',
  esphome: 'home-assistant',
  'chirpstack-3': 'chirpstack',
}

/** One bridge per dialect; the two of a kind have different topics or different devices. */
const bridgesOf = (names: readonly string[]): object[] =>
  names.map((name) => ({
    id: name,
    dialect: gatewayDialect[name] ?? name,
    ...(name === 'mapping' ? { mapping: 'client-heartbeat-4g' } : {}),
  }))

/** Sends all that a press consists of, in the name of the bridge; resolves when the desk has the alarm. */
function pressThrough(
  client: MqttClient,
  stream: WebSocket,
  messages: readonly SimulatedMessage[],
): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`the desk did not hear ${messages[0]?.topic}`)),
      pressMsMax,
    )
    const hear = (data: Buffer): void => {
      const { type } = JSON.parse(data.toString()) as { type: string }
      if (type !== 'alarm.raised' && type !== 'alarm.repeated') return
      clearTimeout(timer)
      stream.off('message', hear)
      resolve(performance.now() - startMs)
    }
    stream.on('message', hear)
    const startMs = performance.now()
    for (const { topic, payload } of messages) client.publish(topic, payload, { qos: 1 })
  })
}

async function comparePresses(presses: number): Promise<void> {
  // One at a time: some of them would use the same topics.
  const rows: string[][] = []
  let worst = 0
  for (const name of bridgeSimulatorNames) {
    const town = await createTown({ devices: villageDevices(0), bridges: bridgesOf([name]) })
    const device = new RawDevice('bench-button')
    let client: MqttClient | undefined
    let stream: WebSocket | undefined
    try {
      await town.startCentre()
      await town.startGateway()
      const desk = (stream = await openDesk(town))
      await device.connect(town.ports.mqtt)
      client = await connectAsync(`mqtt://127.0.0.1:${town.ports.mqtt}`, {
        clientId: name,
        protocolVersion: 4,
      })
      const talk = new Conversation({ dialect: name, devices: inVillage, seed: 7, quirks: ['press-once'] })
      for (const { topic, payload } of talk.hello()) await client.publishAsync(topic, payload, { qos: 1 })
      const [native, bought]: [number[], number[]] = [[], []]
      for (let made = -warmUp; made < presses; made++) {
        const ms = await press(device, desk, `1-${made + warmUp + 1}`)
        await pause(pauseMs)
        const through = await pressThrough(client, desk, talk.press() ?? [])
        await pause(pauseMs)
        if (made < 0) continue
        native.push(ms)
        bought.push(through)
      }
      const ratio = percentile(bought, 0.5) / percentile(native, 0.5)
      worst = Math.max(worst, ratio)
      rows.push([name, short(percentile(native, 0.5)), short(percentile(bought, 0.5)), short(ratio)])
    } finally {
      device.end()
      stream?.terminate()
      await client?.endAsync(true)
      await town.close()
    }
  }
  printTable(
    `press to desk by dialect: ${presses} presses of each, in turn with native ones, p50`,
    ['dialect', 'native ms', 'through it ms', 'times native'],
    rows,
  )
  printVerdict('worst dialect beside native', worst, worst <= 2, 'at most 2')
}

interface Cost {
  corePercent: number
  megabytes: number
}

async function measure(pid: number, minutes: number): Promise<Cost> {
  await pause(settleMs)
  const [spent, startMs] = [processorSeconds(pid), performance.now()]
  await pause(minutes * 60_000)
  const tookS = (performance.now() - startMs) / 1000
  return { corePercent: ((processorSeconds(pid) - spent) / tookS) * 100, megabytes: residentMegabytes(pid) }
}

/** By default 1000 connections may come from one address; here all of a village do. */
function allowConnections(file: string, devices: number): void {
  const config = parse(readFileSync(file, 'utf8')) as { mqtt: object }
  const limits = { connections: devices + 100, connectionsPerAddress: devices + 100 }
  writeFileSync(file, stringify({ ...config, mqtt: { ...config.mqtt, limits } }))
}

async function nativeCost(devices: number, rate: number, minutes: number): Promise<Cost> {
  const town = await createTown({ devices: villageDevices(devices) })
  allowConnections(town.gatewayFile, devices)
  const load = new Load()
  try {
    await town.startCentre()
    const { pid } = await town.startGateway(boxEnvironment())
    await load.ask({ order: 'connect', port: town.ports.mqtt, devices })
    await load.ask({ order: 'steady', perSecond: rate })
    return await measure(pid, minutes)
  } finally {
    load.close()
    await town.close()
  }
}

async function bridgeCost(devices: number, rate: number, minutes: number): Promise<Cost> {
  const listed = villageOf(devices, 7).map((device) => ({
    id: device.id,
    address: bridgeSimulators['zigbee2mqtt']?.addressOf(device),
    via: 'zigbee2mqtt',
  }))
  const town = await createTown({ devices: listed, bridges: bridgesOf(['zigbee2mqtt']) })
  let client: MqttClient | undefined
  let timer: NodeJS.Timeout | undefined
  try {
    await town.startCentre()
    const { pid } = await town.startGateway(boxEnvironment())
    const sender = (client = await connectAsync(`mqtt://127.0.0.1:${town.ports.mqtt}`, {
      clientId: 'zigbee2mqtt',
      protocolVersion: 4,
    }))
    const talk = new Conversation({ dialect: 'zigbee2mqtt', devices, seed: 7, quirks: [] })
    for (const { topic, payload } of talk.hello()) await sender.publishAsync(topic, payload, { qos: 1 })
    let sentMs = 1_700_000_000_000
    timer = setInterval(() => {
      for (const { topic, payload } of talk.report((sentMs += 20))) sender.publish(topic, payload, { qos: 1 })
    }, 1000 / rate)
    return await measure(pid, minutes)
  } finally {
    clearInterval(timer)
    await client?.endAsync(true)
    await town.close()
  }
}

export async function runBoughtDevices(args: readonly string[]): Promise<void> {
  const { presses, devices, rate, minutes } = readOptions(args, {
    presses: 100,
    devices: 2000,
    rate: 50,
    minutes: 10,
  })
  if (presses > 0) await comparePresses(presses)
  if (minutes === 0) return
  const native = await nativeCost(devices, rate, minutes)
  const bridge = await bridgeCost(devices, rate, minutes)
  printTable(
    `${devices} devices, ${rate} messages a second for ${minutes} min: the gateway`,
    ['', '% of one core', 'resident MB'],
    [
      ['native, a connection each', short(native.corePercent), short(native.megabytes)],
      ['Zigbee2MQTT, one bridge', short(bridge.corePercent), short(bridge.megabytes)],
    ],
  )
  const ratio = bridge.corePercent / native.corePercent
  printVerdict('processor beside native', ratio, ratio <= 3, 'at most 3')
  printVerdict('resident MB', bridge.megabytes, bridge.megabytes <= 200, '200')
}
