// Presses of bought devices over MQTT, by the simulators of their dialects, and of a maker's platform over HTTP.
import { writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connectAsync, type MqttClient } from 'mqtt'
import { bridgeSimulatorNames, Conversation } from '../../../firmware-sim/dialects/run-bridge.ts'
import type { PressWay } from './press-way.ts'

const bridgeOf: Record<string, string> = {
  shelly2: 'shelly',
  esphome: 'home-assistant',
  'chirpstack-3': 'chirpstack',
}
/** Forty buttons, which press in turn: each of them rests for seconds, so that no dialect takes two presses for one. */
const devices = 200
const buttons = 40
/** Far enough apart that no two villages have a device in common. */
const placesEach = 1000

function simulatedWay(name: string, index: number): PressWay {
  const dialect = bridgeOf[name] ?? name
  const talk = new Conversation({
    dialect: name,
    devices,
    seed: 7,
    quirks: ['press-once'],
    firstPlace: index * placesEach,
  })
  let client: MqttClient | undefined
  return {
    name,
    // Two simulators of one dialect share its bridge.
    config: {
      bridges:
        dialect === name || name === 'esphome'
          ? [
              {
                id: dialect,
                dialect,
                ...(dialect === 'mapping' ? { mapping: 'client-heartbeat-4g' } : {}),
              },
            ]
          : [],
      devices: [],
    },
    warmUp: buttons,
    kind: 'sos',
    open: async (mqttPort) => {
      // A second connection under one name would end the first: each way closes before the next one opens.
      client = await connectAsync(`mqtt://127.0.0.1:${mqttPort}`, { clientId: dialect, protocolVersion: 4 })
      for (const { topic, payload } of talk.hello()) await client.publishAsync(topic, payload, { qos: 1 })
    },
    ready: () => {
      const messages = talk.press() ?? []
      return Promise.resolve(() => {
        for (const { topic, payload } of messages) client?.publish(topic, payload, { qos: 1 })
      })
    },
    close: async () => client?.endAsync(true),
  }
}

export const simulatedWays = (): PressWay[] => bridgeSimulatorNames.map(simulatedWay)

const token = 'a-token-of-the-bench'
const iccid = '8986000000000000042'

export function pushWay(port: number, tokenFile: string): PressWay {
  writeFileSync(tokenFile, `${token}\n`)
  // A platform keeps its connection.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let pushed = 0
  const send = (body: string): void => {
    const posting = request({
      host: '127.0.0.1',
      port,
      agent,
      method: 'POST',
      path: '/push/vendor/a/b/thing/event/property/post',
      headers: { authorization: `Bearer ${token}`, 'content-length': Buffer.byteLength(body) },
    })
    posting.on('response', (answer) => answer.resume())
    // A press that did not arrive is noticed by its missing alarm.
    posting.on('error', () => undefined)
    posting.end(body)
  }
  return {
    name: 'mapping, HTTP push',
    config: {
      bridges: [{ id: 'vendor', dialect: 'mapping', mapping: 'thing-model-4g', base: 'a', tokenFile }],
      devices: [{ id: 'pushed-button', kind: 'button', address: iccid, via: 'vendor' }],
    },
    warmUp: 10,
    kind: 'sos',
    open: () => Promise.resolve(),
    ready: () => {
      const body = JSON.stringify({
        id: String(++pushed),
        method: 'thing.event.property.post',
        params: { ICCID: iccid, csq: 20, sos: 1 },
      })
      return Promise.resolve(() => send(body))
    },
    close: () => {
      agent.destroy()
      return Promise.resolve()
    },
  }
}
