// The makers' words for a press, and what each means. Released, turned and scene words are no press; an unknown word is
// one: a call for help must not depend on a list of words.
import type { Readings } from '../../../protocols/domain/reading.ts'

type Press = NonNullable<Readings['button']>

/** Words (between `_`, `-`, spaces and dots) of an action that is no press. */
const noPress = new Set(
  [
    'release released rotate rotated rotating rotation dial slow fast',
    'brightness brightenss color colour colortemp hue saturation dimtomin dimtomax',
    'recall scene store move moved moving movement motion stop stopped step curtain',
    'arm disarm armed disarmed exit entry delay day night away home zones',
    'invalid code not ready already enrolled none idle clear unknown static',
    'vibration vibrate tilt drop shake slide fall wakeup throw knock flip',
    'region enter leave occupied unoccupied approach orientation arrival departure',
    'lock unlock locked unlocked open close opened closed battery inactivity',
    'finger password add remove event request language screen identify sleep',
    // A ring at the door is no call for help.
    'bell ring doorbell',
  ].flatMap((words) => words.split(' ')),
)
/** That a key was pressed is in the word, whatever the key is for: `brightness_up_click`. */
const presses = new Set(['click', 'clicked', 'single', 'short', 'pushed', 'tap', 'tapped', 'btn_down'])

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
  if (parts.includes('assist') || parts.includes('assistance')) return 'assist'
  // A lock's own "cancel" is none of a household's call.
  if (parts.includes('cancel') && !parts.some((part) => part.includes('lock'))) return 'cancel'
  if (parts.some((part) => held.has(part))) return 'held'
  if (parts.some((part) => double.has(part))) return 'double'
  if (parts.some((part) => emergency.has(part))) return 'pressed'
  if (parts.some((part) => presses.has(part))) return 'pressed'
  return parts.some((part) => noPress.has(part.replace(/\d+$/, ''))) ? undefined : 'pressed'
}

/** An action that reports that the device was moved. */
export function isMovement(action: unknown): boolean {
  return (
    typeof action === 'string' &&
    /\b(vibration|vibrate|tilt|drop|shake|knock|fall|movement)\b/.test(
      action.toLowerCase().replaceAll('_', ' '),
    )
  )
}
