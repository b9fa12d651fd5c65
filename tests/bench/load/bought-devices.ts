// The price of bought devices: the processor and memory of the box for Zigbee2MQTT devices on one bridge, compared with
// the same native traffic. `npm run bench -- dialects` measures their presses.
import { readFileSync, writeFileSync } from 'node:fs'
import { connectAsync, type MqttClient } from 'mqtt'
import { parse, stringify } from 'yaml'
import { Conversation, bridgeSimulators, villageOf } from '../../../firmware-sim/dialects/run-bridge.ts'
import { createTown } from '../../kits/system/programs.ts'
import { boxEnvironment } from '../figures/box-environment.ts'
import { printTable, printVerdict, short } from '../figures/figures.ts'
import { processorSeconds, residentMegabytes } from '../figures/kernel-figures.ts'
import { pause, readOptions } from '../options.ts'
import { villageDevices } from '../village.ts'
import { Load } from './load.ts'

const settleMs = 5000

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
  const town = await createTown({ devices: listed, bridges: [{ id: 'zigbee2mqtt', dialect: 'zigbee2mqtt' }] })
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
  const { devices, rate, minutes } = readOptions(args, { devices: 2000, rate: 50, minutes: 10 })
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
