// The last heads of the centre's audit trail, kept at the box: a person who changes the centre's database can not change these.
// `gengfu centre verify-audit --head` proves that the trail still contains one.
import type { HealthAuditHead } from '../../protocols/console/api.ts'
import type { AuditHead } from '../../protocols/uplink/receipt.ts'
import type { Journal } from '../journal/port.ts'

const key = 'audit-heads'
/** The centre sends one a day. */
export const auditHeadsMax = 8

type HeadJournal = Pick<Journal, 'append' | 'loadState'>

/** The newest first. */
export async function readAuditHeads(journal: Pick<Journal, 'loadState'>): Promise<HealthAuditHead[]> {
  const [found] = await journal.loadState(key)
  return (found?.[1] as { heads?: HealthAuditHead[] } | undefined)?.heads ?? []
}

/** Stores a head that a Receipt carried, unless it is the last one already. */
export async function noteAuditHead(
  journal: HeadJournal,
  { entries, head }: AuditHead,
  atMs: number,
): Promise<void> {
  const known = await readAuditHeads(journal)
  if (known[0]?.head === head) return
  const heads = [{ entries, head, atMs: Math.round(atMs) }, ...known].slice(0, auditHeadsMax)
  await journal.append({ records: [], state: [[key, { heads }]], isUrgent: false })
}
