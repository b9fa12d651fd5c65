// A command as the bytes that a LoRaWAN siren or switch expects.
import type { DeviceCommand } from '../../../protocols/device-mqtt/messages.ts'
import type { DialectDeviceSettings } from '../port.ts'

export interface Downlink {
  fPort: number
  bytes: Uint8Array
}

/** The largest value of the duration field of a siren. */
const secondsMax = 65_535

type Encode = (seconds: number) => Downlink

const ofBytes = (fPort: number, bytes: readonly number[]): Downlink => ({
  fPort,
  bytes: Uint8Array.from(bytes),
})

/** Found by words in the network server's names of the device. 0 seconds: off. */
const known: readonly (readonly [name: RegExp, encode: Encode])[] = [
  // Netvox: StartWarning, device type, mode (0 stop, 1 burglar), strobe, duration.
  [
    /r602a/i,
    (seconds) => {
      const isOn = seconds > 0 ? 1 : 0
      return ofBytes(7, [0x90, 0x69, isOn, isOn, seconds >> 8, seconds & 0xff, 0, 0, 0, 0, 0])
    },
  ],
  // Milesight sockets, with a siren plugged in: channel 8, state, both bytes of the delay 0xFF.
  [/ws52[0-9]/i, (seconds) => ofBytes(85, [0x08, seconds > 0 ? 1 : 0, 0xff, 0xff])],
]

const hexPattern = /^([0-9a-f]{2}){1,222}$/i

export function downlinkOf(
  command: DeviceCommand,
  names: readonly string[],
  settings: DialectDeviceSettings | undefined,
): Downlink | { cannot: string } {
  const { payloadHex, fPort, seconds: wanted } = command
  if (typeof payloadHex === 'string' && typeof fPort === 'number')
    return hexPattern.test(payloadHex)
      ? { fPort, bytes: Buffer.from(payloadHex, 'hex') }
      : { cannot: 'payloadHex is no hex text' }
  if (!['siren', 'switch', 'lamp', 'light', 'on', 'off', 'stop'].includes(command.do))
    return { cannot: `the dialect has no command "${command.do}"` }
  const isStop = command.do === 'off' || command.do === 'stop' || command['on'] === false
  const seconds = isStop
    ? 0
    : Math.min(secondsMax, Math.max(0, Math.round(typeof wanted === 'number' ? wanted : 60)))
  if (settings?.downlink) {
    const { fPort: port, onHex, offHex } = settings.downlink
    const hex = seconds > 0 ? onHex : offHex
    return hexPattern.test(hex)
      ? { fPort: port, bytes: Buffer.from(hex, 'hex') }
      : { cannot: 'its downlink is no hex text' }
  }
  const encode = known.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1]
  return (
    encode?.(seconds) ?? {
      cannot: 'the bytes that switch this device on are unknown: configure its downlink',
    }
  )
}
