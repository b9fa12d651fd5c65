// Which sender uses which dialect: bridges and devices of the configuration, by the name of their credential; and which
// listed device a hardware address belongs to.
import type { ModbusUnit } from '../../config/bus-settings.ts'
import { plainAddress } from '../../config/plain-address.ts'
import { deviceIdOf } from '../meaning/values.ts'
import type { DialectDeviceSettings, DialectSettings, DialectTopics } from '../port.ts'

/** One entry of `bridges[]`, or of `devices[]` where it has a dialect. */
export interface SenderSettings {
  id: string
  dialect: string
  base?: string | undefined
  /** A mapping by name, or with the content of its file. */
  codec?: string | undefined
  mapping?: unknown
  /** The units of a Modbus bus. */
  modbus?: readonly ModbusUnit[] | undefined
  /** The password that SL 651 recorders must send. */
  password?: string | undefined
  /** The kind of sensor at each alarm input of GB/T 28181. */
  inputs?: DialectSettings['inputs']
  /** Any machine may connect: messages of an unlisted device are stored raw, and raise no alarm. */
  isListedOnly?: boolean
  /** All its messages are about this one device. */
  isDevice: boolean
}

export interface AddressedDevice {
  id: string
  address?: string | undefined
  via?: string | undefined
  codec?: string | undefined
  mountingHeightMm?: number | undefined
}

/** The configuration of single devices, as a dialect needs it: by address, and by id where they have none. */
export function deviceSettingsOf(
  devices: readonly AddressedDevice[],
): Readonly<Record<string, DialectDeviceSettings>> {
  return Object.fromEntries(
    devices.flatMap(({ id, address, codec, mountingHeightMm }) =>
      (codec ?? mountingHeightMm) === undefined
        ? []
        : [
            [
              address === undefined ? id : plainAddress(address),
              {
                ...(codec === undefined ? {} : { codec }),
                ...(mountingHeightMm === undefined ? {} : { mountingHeightMm }),
              },
            ],
          ],
    ),
  )
}

export class Addresses {
  readonly #byAddress = new Map<string, AddressedDevice>()
  readonly #byId = new Map<string, AddressedDevice>()

  constructor(devices: readonly AddressedDevice[]) {
    for (const device of devices) {
      this.#byId.set(device.id, device)
      if (device.address !== undefined) this.#byAddress.set(plainAddress(device.address), device)
    }
  }

  /** The listed device with this address; the address itself for an unlisted one. */
  idOf(address: string): string {
    return this.#byAddress.get(plainAddress(address))?.id ?? deviceIdOf(address)
  }

  isListed(address: string): boolean {
    return this.#byAddress.has(plainAddress(address)) || this.#byId.has(address)
  }

  deviceOf(id: string): AddressedDevice | undefined {
    return this.#byId.get(id)
  }
}

/** True when an MQTT filter of a dialect covers a topic, or another filter. */
export function covers(filters: readonly string[], topic: string): boolean {
  return filters.some((filter) => coversOne(filter.split('/'), topic.split('/')))
}

function coversOne(filter: readonly string[], topic: readonly string[]): boolean {
  for (const [at, level] of filter.entries()) {
    if (level === '#') return true
    const other = topic[at]
    if (other === undefined || other === '#') return false
    if (level !== '+' && level !== other) return false
  }
  return filter.length === topic.length
}

export type SenderTopics = DialectTopics
