// A contact on a door, gate or window; it reports every change at once and its state in each routine report.
import type { Device } from './device.ts'

export class DoorSensor {
  readonly kind = 'door'
  readonly device: Device
  #isOpen = false

  constructor(device: Device) {
    this.device = device
    device.behave({ report: () => ({ contact: this.#contact() }) })
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  open(): string | undefined {
    return this.#turn(true)
  }

  close(): string | undefined {
    return this.#turn(false)
  }

  /** The case is opened. */
  tamper(isOpened = true): string | undefined {
    return this.device.record({ tamper: isOpened }, true)
  }

  #contact(): 'open' | 'closed' {
    return this.#isOpen ? 'open' : 'closed'
  }

  #turn(isOpen: boolean): string | undefined {
    this.#isOpen = isOpen
    return this.device.record({ contact: this.#contact() }, true)
  }
}
