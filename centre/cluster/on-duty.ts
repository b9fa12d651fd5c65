// The work that one centre does for all: the others look, and find nothing to do.
import type { Storage } from '../storage/port.ts'

type Gated = Pick<
  Storage,
  'caseHolders' | 'dueDeliveries' | 'nextDelivery' | 'outletEvents' | 'addDeliveries'
>

/**
 * Messages to receivers outside, and cases of people who left. Where the log was read to always comes from the database: what this centre
 * remembers may be older than what another one has done since.
 */
export function onDutyOnly(storage: Storage, hasDuties: () => boolean): Storage {
  const gated: Gated = {
    caseHolders: async (nowMs) => (hasDuties() ? storage.caseHolders(nowMs) : []),
    dueDeliveries: async (query) => (hasDuties() ? storage.dueDeliveries(query) : []),
    nextDelivery: async (outlet, isUrgent) =>
      hasDuties() ? storage.nextDelivery(outlet, isUrgent) : undefined,
    outletEvents: async (after, limit) =>
      hasDuties() ? storage.outletEvents(undefined, limit) : { events: [], to: after ?? 0, isEnd: true },
    addDeliveries: async (deliveries, to, atMs) =>
      to === undefined || hasDuties() ? storage.addDeliveries(deliveries, to, atMs) : [],
  }
  return { ...storage, ...gated }
}
