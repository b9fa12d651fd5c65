// The telephone numbers of people who are on duty for a village now. Each look is in the audit log, as when a person looks.
import type { RosterRole } from '../../protocols/desk/roster.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Storage } from '../storage/port.ts'
import { isOnDuty } from './duty.ts'

/** Entries of one village that are looked through. */
const rosterMax = 500

export interface PhonesOnDutyOptions {
  storage: Pick<Storage, 'roster' | 'lookAtContact'>
  clock: Pick<Clock, 'wallMs'>
  timeZone: string
}

export function createPhonesOnDuty({ storage, clock, timeZone }: PhonesOnDutyOptions) {
  return async (
    village: string,
    { roles, peopleMax }: { roles: readonly RosterRole[]; peopleMax: number },
    about: string,
  ): Promise<string[]> => {
    const nowMs = clock.wallMs()
    const { people } = await storage.roster({ village, after: 0, limit: rosterMax })
    const ready = people.filter(
      (one) => one.hasPhone && roles.includes(one.role) && isOnDuty(one, timeZone, nowMs),
    )
    const phones: string[] = []
    for (const { id } of ready.slice(0, peopleMax)) {
      const number = Number.parseInt(id.replace('person-', ''), 10)
      const phone = await storage.lookAtContact(number, 'centre', about, nowMs)
      if (phone !== undefined) phones.push(phone)
    }
    return phones
  }
}
