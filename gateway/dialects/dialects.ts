// The dialects that this program supports, by name.
import { lookup } from '../../protocols/kit/parse-json.ts'
import type { Dialect } from './port.ts'
import { dc09 } from './dc09/dc09.ts'
import { gb28181 } from './gb28181/gb28181.ts'
import { homeAssistant } from './home-assistant/home-assistant.ts'
import { chirpstack } from './lorawan/envelopes/chirpstack.ts'
import { ttn } from './lorawan/envelopes/ttn.ts'
import { lorawan } from './lorawan/lorawan.ts'
import { mapped } from './mapping/mapping.ts'
import { modbus } from './modbus/modbus.ts'
import { native } from './native/native.ts'
import { shelly } from './shelly/shelly.ts'
import { sl651 } from './sl651/sl651.ts'
import { tasmota } from './tasmota/tasmota.ts'
import { zigbee2mqtt } from './zigbee2mqtt/zigbee2mqtt.ts'

export const dialects: readonly Dialect[] = [
  native,
  zigbee2mqtt,
  shelly,
  tasmota,
  homeAssistant,
  chirpstack,
  ttn,
  lorawan,
  mapped,
  modbus,
  sl651,
  dc09,
  gb28181,
]

const byName = new Map(dialects.map((dialect) => [dialect.name, dialect]))

export const dialectNames: readonly string[] = [...byName.keys()]

/** Other names of the same dialect: ESPHome uses Home Assistant's discovery. */
const alsoCalled: Readonly<Record<string, string>> = lookup({
  esphome: 'home-assistant',
  homeassistant: 'home-assistant',
  'the-things-stack': 'ttn',
  tts: 'ttn',
  z2m: 'zigbee2mqtt',
})

export function dialectOf(name: string): Dialect | undefined {
  return byName.get(name) ?? byName.get(alsoCalled[name] ?? '')
}

/** For a message of which only the topic is known. */
export function dialectOfTopic(topic: string): Dialect | undefined {
  return dialects.find((dialect) => dialect.claims(topic))
}
