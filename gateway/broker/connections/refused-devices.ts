// Devices that were refused at CONNECT, for the list of devices that knock: an installer sees there that a new device has reached
// the box, and what it lacks.
import { isDeviceId } from '../../../protocols/domain/names.ts'
import { forgetOldest } from '../../../platform/forget-oldest.ts'
import type { RefusedDevice } from '../port.ts'
import { refusalWords, type RefusalCause } from '../refusals.ts'

/** Names that are kept; beyond it the one refused longest ago is removed. */
export const refusedMax = 100

const lacking = new Set<RefusalCause>([
  'anonymous-refused',
  'needs-password',
  'wrong-password',
  'unknown-device',
  'locked-out',
  'certificate-missing',
  'certificate-expired',
  'certificate-not-yet-valid',
  'certificate-untrusted',
  'certificate-revoked',
])

export class RefusedDevices {
  readonly #byName = new Map<string, RefusedDevice>()

  note(cause: RefusalCause, device: string | undefined, nowMs: number): void {
    if (device === undefined || !isDeviceId(device) || !lacking.has(cause)) return
    const times = (this.#byName.get(device)?.times ?? 0) + 1
    this.#byName.delete(device)
    this.#byName.set(device, { device, times, lastMs: nowMs, why: refusalWords(cause) })
    forgetOldest(this.#byName, refusedMax)
  }

  /** It was admitted. */
  forget(device: string): void {
    if (this.#byName.size > 0) this.#byName.delete(device)
  }

  all(): RefusedDevice[] {
    return [...this.#byName.values()]
  }
}
