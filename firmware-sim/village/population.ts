// The devices of a simulated village: the same count and seed give the same ids, kinds, zones and natures.
import { createSeededRandom, type Random } from '../../protocols/kit/random.ts'

export type DeviceKind = 'button' | 'door' | 'water' | 'siren' | 'lamp'

export interface VillageMember {
  id: string
  kind: DeviceKind
  zone: string
  /** Battery devices that connect only to report. */
  isSleepy: boolean
  hasClock: boolean
  /** Undefined on mains. */
  batteryPercent: number | undefined
}

/** Most devices of one village: with more, three digits would not keep the order of a kind. */
export const populationMax = 2000

// Ten in a row make the mix; ids depend only on the position in the row, so a larger village contains the ids of a
// smaller one.
const mix: readonly DeviceKind[] = [
  'button',
  'door',
  'door',
  'water',
  'button',
  'door',
  'siren',
  'door',
  'lamp',
  'water',
]
const zones = ['east', 'west', 'square'] as const

/** A separate random source for each purpose, so that one more draw here changes nothing there. */
export function randomFor(seed: number, purpose: string): Random {
  let hash = 0x811c9dc5 ^ seed
  for (const letter of purpose) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193)
  return createSeededRandom(hash)
}

export function createPopulation(count: number, seed: number, sleepyShare = 0): VillageMember[] {
  if (!Number.isInteger(count) || count < 1 || count > populationMax)
    throw new RangeError(`1 to ${populationMax} devices, got ${count}`)
  const counts = new Map<DeviceKind, number>()
  return Array.from({ length: count }, (_, place) => {
    const kind = mix[place % mix.length] ?? 'door'
    const number = (counts.get(kind) ?? 0) + 1
    counts.set(kind, number)
    const id = `${kind}-${String(number).padStart(3, '0')}`
    const random = randomFor(seed, `nature of ${id}`)
    const zone = random.pick(zones)
    const isOnMains = kind === 'siren' || kind === 'lamp'
    return {
      id,
      kind,
      zone: kind === 'water' ? 'creek' : zone,
      isSleepy: random.next() < sleepyShare && kind === 'door',
      hasClock: random.next() < 0.75,
      batteryPercent: isOnMains ? undefined : random.between(40, 100),
    }
  })
}
