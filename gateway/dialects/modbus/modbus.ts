// The answers of one Modbus unit as readings. The box polls; a message is the result of one round of one unit:
// `{"words": [[1234], [0, 1], null]}`, one list per register of the configuration. The words of its buttons are learned
// with the event, so that an input held through a restart is one press.
import type { ModbusRegister, ModbusUnit } from '../../config/bus-settings.ts'
import type { Readings } from '../../../protocols/domain/reading.ts'
import { objectOf } from '../meaning/values.ts'
import { unreadable, type Decoded, type Dialect, type DialectReadings, type Knowledge } from '../port.ts'

/** Registers per value; bits count as one. */
export const wordsOf = ({ from, type }: ModbusRegister): number =>
  from === 'coil' || from === 'discrete' || type === 'uint16' || type === 'int16' ? 1 : 2

export const topicOfUnit = (unit: number): string => `modbus/${unit}`

function rawOf({ type, order, bit }: ModbusRegister, words: readonly number[]): number | undefined {
  const bytes = words.flatMap((one) => [one >> 8, one & 0xff])
  if (order === 'BADC' || order === 'DCBA')
    for (let at = 0; at < bytes.length; at += 2)
      [bytes[at], bytes[at + 1]] = [bytes[at + 1] ?? 0, bytes[at] ?? 0]
  if (bytes.length === 4 && (order === 'CDAB' || order === 'DCBA')) bytes.push(...bytes.splice(0, 2))
  const view = new DataView(Uint8Array.from(bytes).buffer)
  if (view.byteLength < (words.length > 1 ? 4 : 2)) return undefined
  if (bit !== undefined) return (view.getUint16(0) >> bit) & 1
  if (type === 'uint16') return view.getUint16(0)
  if (type === 'int16') return view.getInt16(0)
  if (view.byteLength < 4) return undefined
  if (type === 'uint32') return view.getUint32(0)
  return type === 'int32' ? view.getInt32(0) : view.getFloat32(0)
}

/** Undefined: there is no such value. Null: the device reports that it has none. */
function valueOf(register: ModbusRegister, words: unknown): { value: unknown; fault?: string } {
  if (!Array.isArray(words) || words.length !== wordsOf(register) || !words.every(isWord))
    return { value: null, fault: `not-read:${register.reading}` }
  const isBit = register.from === 'coil' || register.from === 'discrete'
  const raw = isBit ? words[0] : rawOf(register, words)
  if (raw === undefined || !Number.isFinite(raw)) return { value: null }
  if (register.unknown.includes(raw)) return { value: null }
  if (register.words) return { value: register.words[String(raw)] ?? null }
  if (isBit || register.bit !== undefined) return { value: raw === 1 }
  const value = Math.round((raw * register.scale + register.offset) * 1000) / 1000
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = register
  return value < min || value > max ? { value: null, fault: `out-of-range:${register.reading}` } : { value }
}

const isWord = (one: unknown): one is number =>
  typeof one === 'number' && Number.isInteger(one) && one >= 0 && one <= 0xffff

const buttonsKey = (unit: number): string => `modbus-buttons:${unit}`

function decodeUnit(
  { unit, device, registers }: ModbusUnit,
  { words }: Record<string, unknown>,
  known: Knowledge,
): Decoded {
  const before = known.get(buttonsKey(unit)) as { held: Record<string, unknown> } | undefined
  if (!Array.isArray(words) || words.length !== registers.length)
    return unreadable('not one list of words for each register', device)
  const readings: DialectReadings = {}
  const momentary: Readings = {}
  const held: Record<string, unknown> = {}
  const faults: string[] = []
  registers.forEach((register, at) => {
    const { value, fault } = valueOf(register, words[at])
    if (fault !== undefined) faults.push(fault)
    if (register.reading !== 'button') return void (readings[register.reading] = value)
    // A register that could not be read keeps its earlier value; before the first reading an input counts as released.
    const earlier = before?.held[at]
    held[at] = fault === undefined ? value : (earlier ?? null)
    // A held input is one press: only the change counts.
    if (typeof value !== 'string' || value === earlier) return
    readings.button = momentary.button = value as NonNullable<Readings['button']>
  })
  const isSame = JSON.stringify(before?.held ?? {}) === JSON.stringify(held)
  return {
    ...(isSame ? {} : { learned: [[buttonsKey(unit), { held }]] }),
    results: [
      {
        device,
        readings,
        faults,
        isWholeState: true,
        ...(momentary.button === undefined ? {} : { momentary }),
      },
    ],
  }
}

export const modbus: Dialect = {
  name: 'modbus',
  repeats: { by: 'content', windowMs: 0 },
  topics: () => ({ publish: [], subscribe: [] }),
  claims: (topic) => /^modbus\/\d+$/.test(topic),
  decode: ({ topic, payload }, known, { modbus: units = [] }) => {
    const number = Number(/^modbus\/(\d+)$/.exec(topic)?.[1])
    const unit = units.find((one) => one.unit === number)
    if (!unit) return unreadable('no such unit on this bus')
    const json = objectOf(payload)
    return json ? decodeUnit(unit, json, known) : unreadable('not a JSON object', unit.device)
  },
  encode: () => ({ cannot: 'a Modbus bus is only read' }),
}
