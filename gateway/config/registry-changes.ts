// Applies `device adopt|replace|forget|rename` to the registry: pure. The registry contains only the differences from
// the installer's file; the hardware's address identifies a device, and the name is chosen here.
import type { Result } from '../../protocols/kit/result.ts'
import { bad, ok } from '../../protocols/kit/result.ts'
import { isDeviceId } from '../../protocols/domain/names.ts'
import { hardwareKey } from './plain-address.ts'

/** Most locked-out devices; at the limit a further replacement is refused with the reason. */
export const lockedOutMax = 1000

/** An entry in the form of `devices[]`. */
export type DeviceEntry = { id: string } & Record<string, unknown>

export interface LockedOut {
  /** The hardware's address, or the name of its credential if it connects directly. */
  address: string
  /** The device that it was before. */
  was: string
  by: string
}

/** A change that the next start writes into the journal, and does. */
export interface PendingRegistryChange {
  do: RegistryRequest['do']
  device: string
  by: string
  facts: Record<string, string>
}

export interface RegistryDocument {
  v: 1
  /** Complete entries of devices that are in no file. */
  adopted: Record<string, DeviceEntry>
  /** Keys that replace those of an entry in the file. */
  changed: Record<string, Record<string, unknown>>
  /** Entries of the file that do not count. */
  forgotten: string[]
  lockedOut: LockedOut[]
  news: PendingRegistryChange[]
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
      /** The chosen name; derived from its address if left out. */
      id?: string | undefined
      /** The bridge that carries its messages; none for a device that connects directly. */
      via?: string | undefined
      /** Admits a locked-out one again. */
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

/** The facts of the box that the decision needs. */
export interface RegistryPlace {
  /** The devices that count now. */
  devices: readonly KnownDevice[]
  /** Ids of the file, including forgotten ones. */
  inFile: ReadonlySet<string>
  /** The id of a device before it is listed. */
  idOf: (address: string) => string
  /** Addresses of unlisted devices that have sent; empty on a stopped box, which does not know them. */
  knocking: readonly string[]
}

type Changed = Result<{ document: RegistryDocument; news: PendingRegistryChange }>

/** The source of a device's messages: its address behind a bridge, else the name of its credential. */
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

/** Most addresses that a refusal names. */
const namedMax = 5

/** A wrongly typed address would be a device that never sends, and the real one would raise nothing. */
function unheardProblem(address: string, { knocking }: RegistryPlace, remedy: string): string | undefined {
  if (knocking.some((one) => hardwareKey(one) === hardwareKey(address))) return undefined
  const others = knocking.slice(0, namedMax).join(', ')
  return [
    `nothing was heard from ${address} 没有收到该地址的消息`,
    ...(others === '' ? [] : [`heard were 已收到: ${others}`]),
    `before its first message, say how it will come 首次上报前请说明接入方式: ${remedy}`,
  ].join('; ')
}

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
  const isPlain = via === undefined && entry['dialect'] === undefined && !place.inFile.has(id)
  const unheard = isPlain
    ? unheardProblem(address, place, '--via BRIDGE, or --dialect native if it connects itself')
    : undefined
  if (unheard !== undefined) return bad(unheard, 'address')
  const where = via === undefined ? (id === address ? {} : { connectsAs: address }) : { address, via }
  const whole: DeviceEntry = {
    ...(entry['dialect'] === 'native' ? without(entry, 'dialect') : entry),
    id,
    ...where,
  }
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

/** Sets keys of an entry in its place: in the registry itself, or over the file. */
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
  const unheard = isBehind && via === undefined ? unheardProblem(address, place, '--via BRIDGE') : undefined
  if (unheard !== undefined) return bad(unheard, 'address')
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
      // A device that was locked out and is adopted again counts as the device now.
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

/** The registry after a request, or the reason for a refusal. */
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

/** `devices[]` of the file with the registry applied. */
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
  // If the installer's file contains an adopted device, the file takes precedence.
  return [...kept, ...Object.values(document.adopted).filter(({ id }) => !ids.has(id))]
}
