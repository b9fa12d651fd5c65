// The changes of people to the box's devices: adopted, replaced, forgotten, renamed. A change is stored beside the
// installer's file, and the gateway restarts with it; its consequences for the journal are done at that start, also
// after a kill in between.
import { deviceKinds } from '../config/alarm-settings.ts'
import type { CentreChanges } from '../config/centre-changes.ts'
import type { DeviceRegistry } from '../config/device-registry.ts'
import { kindOfReadings } from '../config/kind-of-readings.ts'
import {
  speaksFrom,
  type PendingRegistryChange,
  type RegistryPlace,
  type RegistryRequest,
} from '../config/registry-changes.ts'
import { knockingMax, type DevicesAnswer, type UnregisteredDevice } from '../../protocols/console/api.ts'
import { bad, type Result } from '../../protocols/kit/result.ts'
import { ownDevice, type DeviceBroker } from '../broker/port.ts'
import type { Stranger } from '../dialects/box/strangers.ts'
import { PairingWindows } from '../dialects/box/pairing-windows.ts'
import { deviceIdOf } from '../dialects/meaning/values.ts'
import { hardwareKey } from '../config/plain-address.ts'
import type { Intake } from '../intake/intake.ts'
import type { OpenedJournal } from './open-journal.ts'
import type { Base } from './base.ts'
import type { OpenDialects } from './dialects/open-dialects.ts'

/** Several changes in a row share one restart: time for the answer to be sent, and for the next click. */
export const restartAfterMs = 1500

export interface OpenRegistryOptions extends OpenedJournal {
  intake: Intake
  broker: DeviceBroker
  dialects: OpenDialects
  centreConfig?: CentreChanges
  registry?: DeviceRegistry
  restart: (why: string) => void
}

export interface OpenRegistry {
  /** The complete answer, without the health of each device. */
  describe(): Omit<DevicesAnswer, 'v' | 'devices'> & {
    listed: { id: string; address: string; via?: string; source: 'file' | 'adopted' }[]
  }
  change(request: RegistryRequest): Result<PendingRegistryChange>
  permitJoin(bridge: string, minutes: number): Promise<string | undefined>
}

/** Does the consequences of changes before this start, and records them. */
async function settleNews({ registry, intake }: OpenRegistryOptions): Promise<void> {
  if (!registry) return
  for (const { do: what, device, by, facts } of registry.news) {
    if (what === 'replace' || what === 'forget') await intake.forget(device, `device ${what} by ${by}`)
    await intake.log(`device-${what}`, { device, by, ...facts }, 'routine', true)
  }
  registry.forgetNews()
}

export async function openRegistry(base: Base, options: OpenRegistryOptions): Promise<OpenRegistry> {
  const { config, clock, logger, parts } = base
  const { registry, centreConfig, dialects, broker, boxClock } = options
  await settleNews(options)
  let cancel = (): void => undefined
  const pairing = new PairingWindows({
    clock,
    ask: (bridge, minutes) => dialects.permitJoin(bridge, minutes),
    logger,
  })
  parts.add('pairing windows', () => pairing.stop())
  parts.add('registry', () => cancel())
  const knocking = (): UnregisteredDevice[] => {
    const listed = new Set(config.devices.map((device) => hardwareKey(speaksFrom(device))))
    const known = new Set([ownDevice, ...[...config.devices, ...config.bridges].map(({ id }) => id)])
    const nowMs = boxClock.now().steadyMs
    const behind = dialects.dialects
      .strangers()
      .filter(({ address }) => !listed.has(hardwareKey(address)))
      .map((stranger) => knockOf(stranger, nowMs))
    const monotonicMs = clock.monotonicMs()
    const own = broker
      .sightings()
      .filter(({ device }) => !known.has(device) && !listed.has(hardwareKey(device)))
      .map(({ device, lastHeardMs }): UnregisteredDevice => {
        const age = lastHeardMs === undefined ? {} : { heardAgoMs: monotonicMs - lastHeardMs }
        return { address: device, dialect: 'native', ...age, ...lastOf(options, device) }
      })
    const seen = [...known, ...own.map(({ address }) => address)].map(hardwareKey)
    const refused = refusedBy(broker, new Set([...listed, ...seen]), monotonicMs)
    return [...behind, ...own, ...refused]
      .sort((a, b) => (a.heardAgoMs ?? Infinity) - (b.heardAgoMs ?? Infinity))
      .slice(0, knockingMax)
  }
  return {
    describe: () => ({
      listed: config.devices.map((device) => ({
        id: device.id,
        address: speaksFrom(device),
        ...(device.via === undefined ? {} : { via: device.via }),
        source: registry?.document.adopted[device.id] ? 'adopted' : 'file',
      })),
      knocking: knocking(),
      lockedOut: [...(registry?.lockedOut ?? [])],
      forgotten: registry?.document.forgotten ?? [],
      kinds: [...deviceKinds],
      zones: config.zones.map(({ id, name }) => ({ id, ...(name === undefined ? {} : { name }) })),
      bridges: config.bridges.map(({ id, name, dialect }) => ({
        id,
        dialect,
        ...(name === undefined ? {} : { name }),
      })),
      canChange: centreConfig !== undefined && registry !== undefined,
    }),
    change: (request) => {
      if (!centreConfig) return bad('this box was given no file to keep a change beside 无配置文件')
      const asked = withSender(request, dialects.dialects.strangers())
      const place = placeOf(config, centreConfig, knocking())
      const changed = centreConfig.changeDevices(asked, place)
      if (!changed.ok) return changed
      logger.info({ ...changed.value }, 'a device was changed; the box starts anew with it')
      cancel()
      cancel = clock.after(restartAfterMs, () => options.restart('a device was changed'))
      return changed
    },
    permitJoin: (bridge, minutes) => pairing.open(bridge, minutes),
  }
}

const placeOf = (
  { devices }: Base['config'],
  centreConfig: CentreChanges,
  knocking: readonly UnregisteredDevice[],
): RegistryPlace => ({
  devices,
  inFile: centreConfig.idsInFile(),
  idOf: deviceIdOf,
  knocking: knocking.map(({ address }) => address),
})

/** Devices without a proof, as far as they are not known otherwise. */
const refusedBy = (broker: DeviceBroker, known: ReadonlySet<string>, nowMs: number): UnregisteredDevice[] =>
  broker.refused().flatMap(({ device, times, lastMs, why }) =>
    known.has(hardwareKey(device))
      ? []
      : [
          {
            address: device,
            dialect: 'native',
            heardAgoMs: nowMs - lastMs,
            messages: times,
            readings: [],
            commands: [],
            refused: why,
          },
        ],
  )

/** A request need not contain the bridge of a device that has sent to the box. */
function withSender(request: RegistryRequest, strangers: readonly Stranger[]): RegistryRequest {
  if (request.do !== 'adopt' && request.do !== 'replace') return request
  const stranger = strangers.find(({ address }) => hardwareKey(address) === hardwareKey(request.address))
  if (!stranger) return request
  return { ...request, address: stranger.address, via: request.via ?? stranger.sender }
}

function knockOf(stranger: Stranger, nowMs: number): UnregisteredDevice {
  const { address, sender, dialect, heardMs, messages, about, last, sent = [], isLockedOut } = stranger
  const readings = [...new Set([...(about?.readings ?? []), ...Object.keys(last ?? {}), ...sent])]
  const commands = [...(about?.commands ?? [])]
  const kind = kindOfReadings(readings, commands)
  return {
    address,
    via: sender,
    dialect,
    heardAgoMs: Math.max(0, nowMs - heardMs),
    messages,
    ...(about?.model === undefined ? {} : { model: about.model }),
    ...(about?.maker === undefined ? {} : { maker: about.maker }),
    ...(about?.name === undefined ? {} : { name: about.name }),
    readings: [...(about?.readings ?? Object.keys(last ?? {}))],
    commands,
    ...(last ? { last: last as Record<string, unknown> } : {}),
    ...(kind === undefined ? {} : { kind }),
    ...(isLockedOut ? { isLockedOut } : {}),
  }
}

/** The alarm engine's data about an unlisted device that connects directly. */
function lastOf(
  { intake }: OpenRegistryOptions,
  device: string,
): Pick<UnregisteredDevice, 'readings' | 'commands'> & { last?: Record<string, unknown>; kind?: string } {
  const document = (intake.documents().get(`device:${device}`) ?? {}) as Record<string, unknown>
  const shown = ['contact', 'motion', 'smoke', 'gas', 'leak', 'carbonMonoxide', 'tamper', 'batteryPercent']
  const last = Object.fromEntries(Object.entries(document).filter(([name]) => shown.includes(name)))
  const readings = Object.keys(last)
  const kind = kindOfReadings(readings, [])
  return {
    readings,
    commands: [],
    ...(readings.length > 0 ? { last } : {}),
    ...(kind === undefined ? {} : { kind }),
  }
}
