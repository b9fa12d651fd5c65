// The serial number of the machine, as its maker has written it: a code that was made for another machine is of no use here.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isSerial } from '../../../protocols/enrolment/messages.ts'

/** The workshop's own label wins: not every board has a number. */
const places = [
  'etc/gengfu/serial',
  'sys/firmware/devicetree/base/serial-number',
  'sys/devices/virtual/dmi/id/product_serial',
]

/** `root` is `/`, or a folder with the same files in a test. Undefined when the machine has none. */
export function readSerial(root = '/'): string | undefined {
  for (const place of places) {
    try {
      const serial = readFileSync(join(root, place), 'utf8').replaceAll('\0', '').trim()
      if (isSerial(serial)) return serial
    } catch {
      // Not on this machine.
    }
  }
  return undefined
}
