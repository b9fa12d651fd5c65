// An alarm button with a lamp: the lamp shows the stage of the answer to the last press.
import { stages, type Stage } from '../../protocols/domain/alarm.ts'
import type { buttonPresses } from '../../protocols/domain/reading.ts'
import type { Device } from './device.ts'

export type ButtonPress = (typeof buttonPresses)[number]
/** `dark`, `sending` (pressed, no receipt yet), then the last stage from the box. */
export type Lamp = 'dark' | 'sending' | Stage

export class AlarmButton {
  readonly kind = 'button'
  readonly device: Device
  #pressId: string | undefined
  #lamp: Lamp = 'dark'

  constructor(device: Device) {
    this.device = device
    device.behave({
      report: () => ({}),
      seeReceipt: ({ id, stage }) => {
        if (id === this.#pressId) this.#show(stage)
      },
      forget: () => {
        this.#lamp = 'dark'
        this.#pressId = undefined
      },
    })
  }

  get lamp(): Lamp {
    return this.#lamp
  }

  press(press: ButtonPress = 'pressed'): string | undefined {
    const id = this.device.record({ button: press }, true)
    if (id === undefined) return undefined
    this.#pressId = id
    // A silent call must not be visible to an attacker.
    this.#lamp = press === 'duress' ? 'dark' : 'sending'
    if (press === 'duress') this.#pressId = undefined
    return id
  }

  /** Receipts may come late or twice: the lamp never goes back a stage. */
  #show(stage: Stage): void {
    const shown = stages.findIndex((known) => known === this.#lamp)
    if (stages.indexOf(stage) > shown) this.#lamp = stage
  }
}
