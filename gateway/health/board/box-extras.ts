// What the health page has from the machine and its files, besides the parts of the program: board, SIM, certificate, batteries.
// Slow sources are asked from time to time, and the page shows the latest answer.
import { readFileSync } from 'node:fs'
import { parseAuthorities } from '../../../platform/certificates/certificate-check.ts'
import { commonNameOf } from '../../../platform/certificates/certificate-files.ts'
import { every } from '../../../platform/time/every.ts'
import type { HealthAnswer, HealthDevice, HealthSim } from '../../../protocols/console/api.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { GatewayConfig } from '../../config/config.ts'
import { certificateFilesOf } from '../box-watch.ts'
import { BatteryForecast } from './battery-forecast.ts'
import { readBoard } from './board-facts.ts'
import { askModem, readModemTraffic } from './sim-facts.ts'

const modemEveryMs = 15 * 60_000
const batteriesEveryMs = 3_600_000
/** After a start devices report first. */
const firstMs = 60_000

export interface BoxExtrasOptions {
  config: Pick<GatewayConfig, 'dataDir' | 'box' | 'mqtt' | 'uplink' | 'bridges'>
  clock: Clock
  /** Undefined without the right date. */
  wallMs: () => number | undefined
  /** Every device whose battery is known, in percent. */
  batteries: () => ReadonlyMap<string, number>
  isConnected: (bridge: string) => boolean
  onFailed: (error: unknown) => void
  root?: string
  modem?: () => Promise<HealthSim | undefined>
}

export type Extras = Pick<HealthAnswer, 'board' | 'sim' | 'bridges' | 'certificate'>

export class BoxExtras {
  readonly #options: BoxExtrasOptions
  readonly #forecast: BatteryForecast
  #modem: HealthSim | undefined

  constructor(options: BoxExtrasOptions) {
    this.#options = options
    this.#forecast = new BatteryForecast(options.config.dataDir)
  }

  /** Returns what ends it. */
  start(): () => void {
    const { clock } = this.#options
    const stops = [
      every(clock, modemEveryMs, () => void this.askModem(), firstMs),
      every(clock, batteriesEveryMs, () => this.noteBatteries(), firstMs),
    ]
    return () => stops.forEach((stop) => stop())
  }

  async askModem(): Promise<void> {
    this.#modem = await (this.#options.modem ?? askModem)()
  }

  noteBatteries(): void {
    const { wallMs, batteries, onFailed } = this.#options
    const atMs = wallMs()
    if (atMs === undefined) return
    try {
      this.#forecast.note(batteries(), atMs)
    } catch (error) {
      onFailed(error)
    }
  }

  /** The device with the month in which its battery will be flat. */
  withForecast(device: HealthDevice): HealthDevice {
    const nowMs = this.#options.wallMs()
    if (device.batteryPercent === undefined || nowMs === undefined) return device
    const flatAtMs = this.#forecast.flatAtMs(device.id, nowMs)
    return flatAtMs === undefined ? device : { ...device, flatAtMs }
  }

  read(): Extras {
    const { config, root, isConnected } = this.#options
    const { sim } = config.box
    const traffic = readModemTraffic(root)
    const card: HealthSim = {
      ...this.#modem,
      ...(sim?.label === undefined ? {} : { card: sim.label }),
      ...(sim?.expiresOn === undefined ? {} : { expiresOn: sim.expiresOn }),
      ...(traffic === undefined ? {} : { trafficBytes: traffic }),
    }
    const certificate = firstEnd(certificateFilesOf(config))
    return {
      board: readBoard(root),
      ...(Object.keys(card).length > 0 ? { sim: card } : {}),
      ...(config.bridges.length > 0
        ? {
            bridges: config.bridges.map(({ id, name, dialect }) => ({
              id,
              ...(name === undefined ? {} : { name }),
              dialect,
              isConnected: isConnected(id),
            })),
          }
        : {}),
      ...(certificate ? { certificate } : {}),
    }
  }
}

function firstEnd(files: readonly string[]): Extras['certificate'] {
  const ends = files.flatMap((file) => {
    try {
      return parseAuthorities(readFileSync(file, 'utf8')).map((one) => ({
        holder: commonNameOf(one) ?? one.subject,
        endsAtMs: Date.parse(one.validTo),
      }))
    } catch {
      return []
    }
  })
  return ends.sort((one, other) => one.endsAtMs - other.endsAtMs)[0]
}
