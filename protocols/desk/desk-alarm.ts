// An alarm as the town's desks and programs see it.
import type { Alarm, Stage } from '../domain/alarm.ts'
import type { CaseReturn } from '../domain/case.ts'
import type { BoxTime } from '../domain/event.ts'

/** An alarm as the desk shows it: the box's alarm, and the town's answer to it. */
export interface DeskAlarm extends Omit<Alarm, 'id'> {
  /** `{boxId}.{alarm id at the box}`: unique in the county. */
  id: string
  box: string
  boxName: string
  village: string
  /** When the box raised it. */
  raised: BoxTime
  /** When the centre had it on disk. */
  receivedAtMs: number
  /** Of its latest change. */
  changedAtMs: number
  /** Its latest occurrence after the first: when the box saw it, and when the centre had it on disk. */
  again?: BoxTime
  againReceivedAtMs?: number
  /** False while the box, whose storage refuses writes, could not store it: only the centre has it. */
  isKept?: false
  stage: Stage
  acceptedBy?: string
  acceptedAtMs?: number
  /** Another occurrence came after it was accepted, or its case returned to the queue: it must be accepted again. */
  needsAnswer: boolean
  /** Its case returned to the queue, and no person has accepted it since. */
  returned?: CaseReturn
  /** How many pictures the box took of it; absent when none. */
  pictures?: number
}
