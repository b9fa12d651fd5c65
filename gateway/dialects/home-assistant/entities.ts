// The reading of one announced entity: its component, device class, payloads and unit decide.
import type { DialectReadings } from '../port.ts'
import type { Readings } from '../../../protocols/domain/reading.ts'
import { isObject, scalarText, lookup } from '../../../protocols/kit/parse-json.ts'
import { pressOf } from '../meaning/press.ts'
import { celsiusOf, flagOf, millimetresOf, numberOf, percentOf, signalOf } from '../meaning/values.ts'
import { readInput } from '../tasmota/inputs.ts'

/** The document of an entity, under `ha:{config topic}` (with `#part` if a device announces several). */
export interface Entity {
  device: string
  component: string
  name: string
  topic?: string
  template?: string
  deviceClass?: string
  unit?: string
  on?: unknown
  off?: unknown
  command?: { topic: string; on: string; off: string }
  /** Only for a trigger: the reading that it stands for. */
  trigger?: { payload?: string; type: string }
}

export interface EntityRead {
  readings: DialectReadings
  momentary?: Readings
  faults?: string[]
}

const byClass: Record<string, (isOn: boolean | null) => DialectReadings> = lookup({
  motion: (motion) => ({ motion }),
  occupancy: (motion) => ({ motion }),
  presence: (motion) => ({ motion }),
  moving: (motion) => ({ motion }),
  smoke: (smoke) => ({ smoke }),
  gas: (gas) => ({ gas }),
  carbon_monoxide: (carbonMonoxide) => ({ carbonMonoxide }),
  moisture: (leak) => ({ leak }),
  // A heat detector: a fire, also without smoke.
  heat: (fire) => ({ heatAlarm: fire, fire }),
  vibration: (vibration) => ({ vibration }),
  tamper: (tamper) => ({ tamper }),
  battery: (batteryLow) => ({ batteryLow }),
  plug: (isOn) => ({ mains: isOn === null ? null : isOn ? 'on' : 'off' }),
  power: (isOn) => ({ mains: isOn === null ? null : isOn ? 'on' : 'off' }),
})
const contactClasses = new Set(['door', 'window', 'garage_door', 'opening', 'lock'])

function readBinary(entity: Entity, value: unknown): EntityRead {
  const { on = 'ON', off = 'OFF', deviceClass = '', name } = entity
  const text = scalarText(value)
  const isOn =
    text === scalarText(on)
      ? true
      : text === scalarText(off)
        ? false
        : value === 'None'
          ? null
          : flagOf(value)
  if (contactClasses.has(deviceClass))
    return { readings: { contact: isOn === null ? null : isOn ? 'open' : 'closed' } }
  if (deviceClass === 'problem') return { readings: {}, faults: isOn ? [`problem:${name}`] : [] }
  const read = Object.hasOwn(byClass, deviceClass) ? byClass[deviceClass] : undefined
  if (read) return { readings: read(isOn) }
  // A call button that its maker files under "safety".
  if (deviceClass !== '' && !(deviceClass === 'safety' && isButton(name)))
    return { readings: { [name]: isOn } }
  return readInput(name, name, isOn ?? value)
}

function readSensor({ deviceClass = '', unit = '', name }: Entity, value: unknown): DialectReadings {
  if (deviceClass === 'battery') return { batteryPercent: percentOf(value) }
  if (deviceClass === 'temperature') return { temperatureC: celsiusOf(value, unit) }
  if (deviceClass === 'humidity' || deviceClass === 'moisture') return { humidityPercent: percentOf(value) }
  if (deviceClass === 'signal_strength') return { signalDbm: signalOf(value) }
  const lengthMm = millimetresOf(value, unit)
  if (lengthMm !== undefined && deviceClass === 'precipitation') return { rainMm: lengthMm }
  if (lengthMm !== undefined && /water|level|liquid|水/i.test(name)) return { waterLevelMm: lengthMm }
  if (lengthMm !== undefined)
    return deviceClass === 'distance' ? { distanceMm: lengthMm } : { [`${name}Mm`]: lengthMm }
  return { [name]: numberOf(value) ?? value }
}

/** An alarm panel's own state: a triggered one is a zone that is open, as from a panel that dials in. */
function readPanel(value: unknown): DialectReadings {
  const state = scalarText(value)?.toLowerCase() ?? ''
  if (state === 'triggered') return { contact: 'open', panelState: state }
  if (/^(?:armed_|disarmed$|arming$|pending$|disarming$)/.test(state))
    return {
      contact: 'closed',
      panelState: state,
      ...(state === 'disarmed'
        ? { panelArmed: false }
        : state.startsWith('armed_')
          ? { panelArmed: true }
          : {}),
    }
  return { contact: null, panelState: value }
}

const isButton = (name: string): boolean => /sos|panic|emergency|button|call|press/i.test(name)

export function readEntity(entity: Entity, value: unknown): EntityRead {
  const { component, trigger, name } = entity
  if (component === 'binary_sensor') return readBinary(entity, value)
  if (component === 'event' || trigger) {
    if (entity.deviceClass === 'doorbell')
      return { readings: { doorbell: true }, momentary: { doorbell: true } }
    const word = trigger ? trigger.type : isObject(value) ? value['event_type'] : value
    const button = pressOf(word)
    if (button === undefined) return { readings: {} }
    return { readings: { button, action: word }, momentary: { button, action: word } }
  }
  if (
    component === 'text_sensor' ||
    (component === 'sensor' && isButton(name) && typeof value === 'string')
  ) {
    const button = isButton(name) ? pressOf(value) : undefined
    return button === undefined
      ? { readings: { [name]: value } }
      : { readings: { button }, momentary: { button } }
  }
  if (component === 'alarm_control_panel') return { readings: readPanel(value) }
  if (component === 'sensor') return { readings: readSensor(entity, value) }
  return { readings: { [name]: value } }
}
