// When a document must be processed again, in steady time; Infinity when only an input can change it.
import { outranks } from '../../../protocols/domain/colour.ts'
import { endsOfBox } from './box-due.ts'
import {
  alarmKey,
  alarmPrefix,
  boxKey,
  devicePrefix,
  pastPrefix,
  readAlarm,
  readBox,
  readDevice,
  readZone,
  zonePrefix,
  type AlarmDocument,
  type DeviceDocument,
  type PastDocument,
} from '../documents.ts'
import type { AlarmMemory } from '../port.ts'
import type { WaterTrack } from '../water/water-track.ts'
import { unconfirmedColour } from '../water/water-unconfirmed.ts'
import { silentDueMs } from './silence-due.ts'
import type { DeviceFacts, ResolvedSettings } from '../resolved-settings.ts'

interface Place {
  settings: ResolvedSettings
  memory: AlarmMemory
}

/** A storm is over when fewer than this many alarms came in its window. */
export const stormEndsBelow = 5
/** The count of a storm is sent at most this often. */
export const untoldForMsMax = 10_000
/** Repeats of a chattering alarm are sent at most this often. */
export const chatterTellsEachMs = 60_000
/** Repeats of a red that are too many for a person are counted, and their count is sent this often. */
export const redTellsEachMs = 1000

/** How long a change of this alarm may wait before it is sent. */
export const untoldMsMax = ({ storm, alarm }: AlarmDocument): number =>
  storm ? untoldForMsMax : alarm.colour === 'red' ? redTellsEachMs : chatterTellsEachMs

export function alarmDueMs(document: AlarmDocument, place: Place): number {
  let dueMs = Infinity
  if (document.alarm.state === 'shelved') dueMs = Math.min(dueMs, document.shelvedUntilMs ?? Infinity)
  if (document.heldUntilMs !== undefined) dueMs = Math.min(dueMs, document.heldUntilMs)
  if (document.isUntold) dueMs = Math.min(dueMs, document.writtenMs + untoldMsMax(document))
  if (document.suppression?.why === 'root-cause') dueMs = Math.min(dueMs, document.unmuteMs ?? Infinity)
  if (document.storm && document.isPresent) dueMs = Math.min(dueMs, document.releaseMs ?? calmMs(place))
  return dueMs
}

/** When the storm ends if no further alarm comes. */
export function calmMs({ memory, settings }: Place): number {
  const times = readBox(memory).stormMs ?? []
  const decisive = times.length < stormEndsBelow ? times.at(-1) : times[0]
  return (decisive ?? 0) + settings.limits.stormWindowS * 1000
}

/** Due time of any document, found by its key. */
export function dueMsOf(key: string, place: Place): number {
  const { memory, settings } = place
  if (key.startsWith(alarmPrefix)) {
    const document = readAlarm(memory, key)
    return document ? alarmDueMs(document, place) : Infinity
  }
  if (key.startsWith(devicePrefix)) {
    const facts = settings.device(key.slice(devicePrefix.length))
    const document = readDevice(memory, facts.id)
    return document ? deviceDueMs(place, facts, document) : Infinity
  }
  if (key === boxKey) return endsOfBox(readBox(memory))
  if (key.startsWith(zonePrefix)) {
    const zone = readZone(memory, key.slice(zonePrefix.length))
    return Math.min(
      zone?.entry?.untilMs ?? Infinity,
      zone?.exitUntilMs ?? Infinity,
      zone?.maintenance?.untilMs ?? Infinity,
      zone?.activity?.lookMs ?? Infinity,
    )
  }
  if (key.startsWith(pastPrefix)) {
    const latest = (memory.get(key) as PastDocument | undefined)?.changesMs.at(-1)
    return latest === undefined ? Infinity : latest + settings.limits.chatterWindowS * 1000
  }
  return Infinity
}

/** The next change of a device that time alone causes: silence, mains lost, an unconfirmed jump. */
export function deviceDueMs(place: Place, facts: DeviceFacts, document: DeviceDocument): number {
  const { memory, settings } = place
  const box = readBox(memory)
  let dueMs = Infinity
  if (!readAlarm(memory, facts.silentKey)?.isPresent) dueMs = silentDueMs(document, facts, box.startedMs)
  if (document.mainsOffMs !== undefined && !readAlarm(memory, alarmKey(facts.id, 'mains-lost'))?.isPresent)
    dueMs = Math.min(dueMs, document.mainsOffMs + settings.limits.mainsLostAfterS * 1000)
  const { water } = document
  if (water?.pending) {
    const colour = unconfirmedColour(water, facts.water)
    const standing = readAlarm(memory, alarmKey(facts.id, 'water'))
    if (colour && (!standing?.isPresent || outranks(colour, standing.alarm.colour)))
      dueMs = Math.min(dueMs, pendingSinceMs(water, document) + unconfirmedForMs(facts.reportIntervalMs))
  }
  if (dueMs === Infinity) return Infinity
  // During maintenance no silence is raised: the device is checked at the end of it.
  const zoneUntilMs = facts.zone
    ? (readZone(memory, facts.zone.id)?.maintenance?.untilMs ?? -Infinity)
    : -Infinity
  return Math.max(dueMs, zoneUntilMs, box.maintenance?.untilMs ?? -Infinity)
}

/** Steady time at which the unconfirmed jump arrived. */
export const pendingSinceMs = (water: WaterTrack, document: DeviceDocument): number =>
  water.pendingSteadyMs ?? document.heardMs

/** How long a jump waits for a second sample; after that it is taken as true. */
export const unconfirmedForMs = (reportIntervalMs: number): number => Math.max(60_000, 2 * reportIntervalMs)
