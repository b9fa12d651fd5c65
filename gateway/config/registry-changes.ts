// What `device adopt|replace|forget|rename` makes of the registry: pure. The registry holds only what differs from the file of the
// installer; the hardware's address says which device is meant, and the name is ours.
import type { Result } from '../../protocols/kit/result.ts'
import { bad, ok } from '../../protocols/kit/result.ts'
import { isDeviceId } from '../../protocols/domain/names.ts'
import { hardwareKey } from './plain-address.ts'

/** Devices that may be locked out; at the limit a further replacement is refused, and says so. */
export const lockedOutMax = 1000

/** An entry as it would stand in `devices[]`. */
export type DeviceEntry = { id: string } & Record<string, unknown>

export interface LockedOut {
  /** The hardware's address, or the name of its credential where it connects itself. */
  address: string
  /** The device that it was. */
  was: string
  by: string
}

/** Something that the next start writes into the journal, and does. */
export interface RegistryNews {
  do: RegistryRequest['do']
  device: string
  by: string
  facts: Record<string, string>
}

export interface RegistryDocument {
  v: 1
  /** Whole entries of devices that are in no file. */
  adopted: Record<string, DeviceEntry>
  /** Keys that stand over those of an entry in the file. */
  changed: Record<string, Record<string, unknown>>
  /** Entries of the file that do not count. */
  forgotten: string[]
  lockedOut: LockedOut[]
  news: RegistryNews[]
}

export const emptyRegistry: RegistryDocument = Object.freeze({
  v: 1,
  adopted: {},
  changed: {},
  forgotten: [],
  lockedOut: [],
  news: [],
})

export type RegistryRequest =
  | {
      do: 'adopt'
      address: string
      by: string
      /** Keys of its entry: kind, zone, name, dialect, base, codec ... */
      entry: Readonly<Record<string, unknown>>
      /** Ours for it; made from its address when left out. */
      id?: string | undefined
      /** The bridge that carries its messages; none for a device that connects itself. */
      via?: string | undefined
      /** Admits one that was locked out. */
      isAgain?: boolean | undefined
    }
  | { do: 'replace'; device: string; address: string; by: string; via?: string | undefined }
  | { do: 'forget'; device: string; by: string }
  | { do: 'rename'; device: string; name: string; by: string }

export interface KnownDevice {
  id: string
  address?: string | undefined
  via?: string | undefined
  connectsAs?: string | undefined
}

/** What the decision needs to know of the box. */
export interface RegistryPlace {
  /** Devices that count now. */
  devices: readonly KnownDevice[]
  /** Ids of the file, forgotten ones too. */
  inFile: ReadonlySet<string>
  /** The id that a device has before it is listed. */
  idOf: (address: string) => string
}

type Changed = Result<{ document: RegistryDocument; news: RegistryNews }>

/** Where a device speaks from: its address behind a bridge, else the name of its credential. */
export const speaksFrom = ({ id, address, via, connectsAs }: KnownDevice): string =>
  via === undefined ? (connectsAs ?? (address === undefined ? id : address)) : (address ?? id)

const without = <T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => name !== key))

const find = (place: RegistryPlace, id: string): KnownDevice | undefined =>
  place.devices.find((device) => device.id === id)

const holderOf = (place: RegistryPlace, address: string): KnownDevice | undefined =>
  place.devices.find((device) => hardwareKey(speaksFrom(device)) === hardwareKey(address))

const isOf =
  (address: string) =>
  (locked: LockedOut): boolean =>
    hardwareKey(locked.address) === hardwareKey(address)

const noDevice = (id: string): Changed =>
  bad(`there is no device "${id}": gengfu device list shows all 没有该设备`, 'device')

function adopt(
  document: RegistryDocument,
  request: RegistryRequest & { do: 'adopt' },
  place: RegistryPlace,
): Changed {
  const { address, by, entry, via, isAgain } = request
  const id = request.id ?? place.idOf(address)
  if (!isDeviceId(id)) return bad('letters, digits, dot, dash, underscore; 1 to 64', 'id')
  const holder = holderOf(place, address)
  if (holder) return bad(`${address} is "${holder.id}" already 该地址已登记`, 'address')
  if (find(place, id)) return bad(`there is a device "${id}" already: give it another id 编号已占用`, 'id')
  const locked = document.lockedOut.find(isOf(address))
  if (locked && !isAgain)
    return bad(
      `it was replaced as "${locked.was}" by ${locked.by} and is locked out; adopt it with --again if it is meant 该硬件已被替换并锁定`,
      'address',
    )
  const where = via === undefined ? (id === address ? {} : { connectsAs: address }) : { address, via }
  const whole: DeviceEntry = { ...entry, id, ...where }
  const news = { do: request.do, device: id, by, facts: { address, ...(via === undefined ? {} : { via }) } }
  const isInFile = place.inFile.has(id)
  return ok({
    news,
    document: {
      ...document,
      adopted: isInFile ? document.adopted : { ...document.adopted, [id]: whole },
      changed: isInFile ? { ...document.changed, [id]: whole } : document.changed,
      forgotten: document.forgotten.filter((one) => one !== id),
      lockedOut: document.lockedOut.filter((one) => !isOf(address)(one)),
    },
  })
}

/** Puts keys over an entry, where it stands: in the registry itself, or over the file. */
function withKeys(
  document: RegistryDocument,
  id: string,
  keys: Record<string, unknown>,
  place: RegistryPlace,
): RegistryDocument {
  const own = document.adopted[id]
  if (own && !place.inFile.has(id))
    return { ...document, adopted: { ...document.adopted, [id]: { ...own, ...keys, id } } }
  return { ...document, changed: { ...document.changed, [id]: { ...document.changed[id], ...keys } } }
}

function replace(
  document: RegistryDocument,
  { device: id, address, via, by }: RegistryRequest & { do: 'replace' },
  place: RegistryPlace,
): Changed {
  const device = find(place, id)
  if (!device) return noDevice(id)
  const old = speaksFrom(device)
  if (hardwareKey(old) === hardwareKey(address))
    return bad(
      `"${id}" is ${address} already. New hardware under the same name: gengfu gateway password gives it a new password, and the old one is out 名称相同：请重新生成密码`,
      'address',
    )
  const holder = holderOf(place, address)
  if (holder)
    return bad(`${address} is the device "${holder.id}": forget that first 该硬件已登记为别的设备`, 'address')
  if (document.lockedOut.length >= lockedOutMax)
    return bad(`${lockedOutMax} devices are locked out already 锁定的设备过多`, 'device')
  const isBehind = device.via !== undefined || (device.address !== undefined && via !== undefined)
  const keys: Record<string, unknown> = isBehind
    ? { address, via: via ?? device.via }
    : device.address === undefined || device.connectsAs !== undefined
      ? { connectsAs: address }
      : { address }
  const next = withKeys(document, id, keys, place)
  const facts = { address, was: old, ...(via === undefined ? {} : { via }) }
  return ok({
    news: { do: 'replace', device: id, by, facts },
    document: {
      ...next,
      // One that was locked out before and is put in again is the device now.
      lockedOut: [
        ...next.lockedOut.filter((one) => !isOf(address)(one) && !isOf(old)(one)),
        { address: old, was: id, by },
      ],
    },
  })
}

function forget(
  document: RegistryDocument,
  { device: id, by }: RegistryRequest & { do: 'forget' },
  place: RegistryPlace,
): Changed {
  const device = find(place, id)
  if (!device) return noDevice(id)
  return ok({
    news: { do: 'forget', device: id, by, facts: { address: speaksFrom(device) } },
    document: {
      ...document,
      adopted: without(document.adopted, id),
      changed: without(document.changed, id),
      forgotten: place.inFile.has(id) ? [...new Set([...document.forgotten, id])] : document.forgotten,
    },
  })
}

function rename(
  document: RegistryDocument,
  { device: id, name, by }: RegistryRequest & { do: 'rename' },
  place: RegistryPlace,
): Changed {
  if (!find(place, id)) return noDevice(id)
  return ok({
    news: { do: 'rename', device: id, by, facts: { name } },
    document: withKeys(document, id, { name }, place),
  })
}

/** The registry after a request, or why it can not be done. */
export function changeRegistry(
  document: RegistryDocument,
  request: RegistryRequest,
  place: RegistryPlace,
): Changed {
  switch (request.do) {
    case 'adopt':
      return adopt(document, request, place)
    case 'replace':
      return replace(document, request, place)
    case 'forget':
      return forget(document, request, place)
    case 'rename':
      return rename(document, request, place)
  }
}

/** `devices[]` of the file with the registry over it. */
export function devicesWith(file: readonly unknown[], document: RegistryDocument): unknown[] {
  const gone = new Set(document.forgotten)
  const ids = new Set<unknown>()
  const kept = file.flatMap((entry) => {
    const id: unknown = (entry as { id?: unknown } | null)?.id
    ids.add(id)
    if (typeof id !== 'string') return [entry]
    if (gone.has(id)) return []
    const changed = document.changed[id]
    return [changed ? { ...(entry as object), ...changed } : entry]
  })
  // An installer who has written an adopted device into the file has the last word.
  return [...kept, ...Object.values(document.adopted).filter(({ id }) => !ids.has(id))]
}
