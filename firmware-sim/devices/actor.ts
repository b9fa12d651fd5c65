// A siren or a lamp: switched on for a number of seconds by command, and off again by itself.
import { z } from 'zod'
import type { DeviceCommand } from '../../protocols/device-mqtt/messages.ts'
import type { Device } from './device.ts'

export type ActorKind = 'siren' | 'lamp'
/** Longest run; firmware switches off by itself so that a lost "off" does not sound all night. */
export const runSecondsMax = 600

const runSchema = z.object({ seconds: z.number().min(0).max(runSecondsMax).default(60) })

export class Actor {
  readonly kind: ActorKind
  readonly device: Device
  #isRunning = false

  constructor(device: Device, kind: ActorKind) {
    this.device = device
    this.kind = kind
    device.behave({
      report: () => ({ [`${kind}Running`]: this.#isRunning }),
      obey: (command) => this.#obey(command),
      forget: () => {
        this.#isRunning = false
      },
    })
  }

  get isRunning(): boolean {
    return this.#isRunning
  }

  /** `{"do":"siren","seconds":60}`; 0 seconds, or `off`, ends it. `test` runs the same path without a sound. */
  #obey(command: DeviceCommand): string | undefined {
    if (command.do === 'off') return this.#run(0)
    if (command.do === 'test') return undefined
    if (command.do !== this.kind) return `can not do ${command.do}`
    const run = runSchema.safeParse(command)
    if (!run.success) return `seconds 0 to ${runSecondsMax}`
    return this.#run(run.data.seconds)
  }

  #run(seconds: number): undefined {
    this.#isRunning = seconds > 0
    this.device.after('run', seconds * 1000, () => {
      this.#isRunning = false
    })
  }
}
