// Faults that the box detects about itself: mains, disk, clock, journal, certificate, camera, link. The delays of the
// alarm table are applied here.
import type { BilingualText } from '../../protocols/domain/alarm.ts'
import { plainText } from '../../protocols/domain/plain-text.ts'
import { clear } from './lifecycle/clear.ts'
import { alarmKey, alarmPrefix, boxKey, readAlarm, readBox } from './documents.ts'
import { setBox, type Judging } from './judging.ts'
import type { BoxFact } from './port.ts'
import { raise } from './lifecycle/raise.ts'

/** Facts longer than this are cut in the text: a Report's texts are bounded. */
const remarkLengthMax = 300

function delayMs(judging: Judging, kind: BoxFact['kind']): number {
  const { mainsLostAfterS, clockUnsyncedAfterS, linkLostAfterS } = judging.settings.limits
  if (kind === 'mains-lost') return mainsLostAfterS * 1000
  if (kind === 'clock-unsynced') return clockUnsyncedAfterS * 1000
  return kind === 'link-lost' ? linkLostAfterS * 1000 : 0
}

function remarkOf({ facts, remark }: BoxFact): BilingualText | undefined {
  const bounded = (text: string): string => plainText(text.slice(0, remarkLengthMax))
  if (remark) return { zh: bounded(remark.zh), en: bounded(remark.en) }
  const words = Object.entries(facts ?? {}).map(([name, value]) => `${name} ${value}`)
  if (words.length === 0) return undefined
  return { zh: bounded(words.join('，')), en: bounded(words.join(', ')) }
}

const subjectOf = (judging: Judging, fact: BoxFact): string => fact.subject ?? judging.settings.boxId
const waitingKey = (subject: string, fact: BoxFact): string => `${subject}/${fact.kind}`

function dropWaiting(judging: Judging, key: string): void {
  const box = readBox(judging.memory)
  const { [key]: dropped, ...waiting } = box.waiting ?? {}
  if (dropped) setBox(judging, { ...box, waiting })
}

/**
 * The delay is over. `key` is the key under which the fact waited. If the id of the box has changed, the fact was
 * reported again under the new id since the start.
 */
export function raiseWaiting(judging: Judging, key: string, fact: BoxFact): void {
  dropWaiting(judging, key)
  if (key === waitingKey(subjectOf(judging, fact), fact)) raiseFact(judging, fact)
}

function raiseFact(judging: Judging, fact: BoxFact): void {
  const subject = subjectOf(judging, fact)
  const remark = remarkOf(fact)
  const device = judging.settings.device(subject)
  raise(judging, device, { kind: fact.kind, isEdge: true, ...(remark ? { remark } : {}) })
}

/** Kinds that only the box reports, and only about itself. */
const ownKinds = new Set<BoxFact['kind']>([
  'clock-unsynced',
  'box-disk-full',
  'box-dropping',
  'journal-damaged',
  'journal-rewound',
  'certificate-expires',
  'link-lost',
  'outlet-failed',
  'outlet-silent',
])

/**
 * After the box got another id, the alarms of the old id have no owner: they end when the box reports the fact under
 * its new id.
 */
function clearOldIds(judging: Judging, { kind }: BoxFact): void {
  const { boxId } = judging.settings
  const suffix = `/${kind}`
  for (const key of judging.memory.keys(alarmPrefix)) {
    const subject = key.slice(alarmPrefix.length, -suffix.length)
    if (key.endsWith(suffix) && subject !== boxId) clear(judging, subject, kind)
  }
}

export function takeFact(judging: Judging, fact: BoxFact): void {
  const subject = subjectOf(judging, fact)
  const key = waitingKey(subject, fact)
  const { kind } = fact
  if (fact.subject === undefined && ownKinds.has(kind)) clearOldIds(judging, fact)
  if (!fact.isPresent) {
    dropWaiting(judging, key)
    return clear(judging, subject, kind)
  }
  // Salvage and a new epoch are events at one moment; every other fact is a state and may be reported repeatedly.
  const isMoment = kind === 'journal-damaged' || kind === 'journal-rewound'
  if (!isMoment && readAlarm(judging.memory, alarmKey(subject, kind))?.isPresent) return
  const delay = delayMs(judging, kind)
  if (delay === 0) return raiseFact(judging, fact)
  const box = readBox(judging.memory)
  if (box.waiting?.[key]) return
  const dueMs = judging.now.steadyMs + delay
  setBox(judging, { ...box, waiting: { ...box.waiting, [key]: { fact, dueMs } } })
  judging.dues.touch(boxKey, dueMs)
}
