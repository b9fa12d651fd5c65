// A door that is open when its zone begins to guard: a person could walk in without any change at its contact, so an
// alarm is raised at once.
import { readDevice, readZone } from '../documents.ts'
import { isBypassed, setZone, type Judging } from '../judging.ts'
import { raise } from '../lifecycle/raise.ts'

/** Contacts that are open now: they count again once they have closed. */
export function openContacts(judging: Judging, zone: string): string[] {
  const devices = judging.settings.devicesByZone.get(zone) ?? []
  return devices.filter(({ id }) => readDevice(judging.memory, id)?.contact === 'open').map(({ id }) => id)
}

export function reportOpenDoors(judging: Judging, zone: string): void {
  for (const id of openContacts(judging, zone)) {
    if (isBypassed(judging, id)) continue
    const readings = { contact: 'open' } as const
    raise(judging, judging.settings.device(id), { kind: 'exit-error', isEdge: true, readings })
  }
}

/** The exit delay is over: from now on the zone guards. */
export function endExitDelay(judging: Judging, zone: string): void {
  const document = readZone(judging.memory, zone)
  if (!document) return
  const { exitUntilMs: _over, ...rest } = document
  setZone(judging, zone, rest)
  if (rest.isArmed) reportOpenDoors(judging, zone)
}
