// The makers' words for a press, and what each means. Released, turned and scene words are no press; an unknown word is
// one: a call for help must not depend on a list of words.
import type { Readings } from '../../../protocols/domain/reading.ts'

type Press = NonNullable<Readings['button']>

/** Words (between `_`, `-`, spaces and dots) that mark an action as no press. */
const noPress =
  /^(release|released|rotate|rotated|brightness|color|colour|hue|saturation|recall|scene|store|move|stop|step|arm|disarm|armed|disarmed|exit|entry|delay|day|night|away|all|zones|invalid|code|not|ready|already|vibration|vibrate|tilt|drop|shake|slide|flip\d*|fall|wakeup|throw|knock|dial|slow|fast|left_turn|up_hold_release|button_up|region|enter|leave|occupied|unoccupied|approach|none|idle|clear|unknown|lock|unlock|open|close|enrolled|battery)$/

const held = new Set([
  'hold',
  'held',
  'long',
  'longpush',
  'longpress',
  'long_press',
  'btn_down_long',
  'l',
  'hold_press',
])
const double = new Set([
  'double',
  'triple',
  'quadruple',
  'quintuple',
  'many',
  'double_press',
  'multi',
  'twice',
])
/** These count whatever other words are there. */
const emergency = new Set([
  'sos',
  'emergency',
  'panic',
  'help',
  'police',
  'medical',
  'fire',
  'alarm',
  'pressed',
  'press',
])

/** Undefined: no press. */
export function pressOf(action: unknown): Press | undefined {
  if (typeof action !== 'string' && typeof action !== 'number') return undefined
  const word = String(action).trim().toLowerCase()
  if (word === '' || word === 'null') return undefined
  const parts = word.split(/[\s_.\-/]+/).filter((part) => part !== '')
  if (parts.some((part) => part === 'release' || part === 'released')) return undefined
  if (parts.includes('duress')) return 'duress'
  if (parts.some((part) => held.has(part))) return 'held'
  if (parts.some((part) => double.has(part))) return 'double'
  if (parts.some((part) => emergency.has(part))) return 'pressed'
  return parts.some((part) => noPress.test(part)) ? undefined : 'pressed'
}

/** An action that reports that the device was moved. */
export function isMovement(action: unknown): boolean {
  return (
    typeof action === 'string' &&
    /\b(vibration|vibrate|tilt|drop|shake|knock|fall)\b/.test(action.toLowerCase().replaceAll('_', ' '))
  )
}
