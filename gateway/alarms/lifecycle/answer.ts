// Actions of people on an alarm: accept, close, shelve, confirm. Red can not be shelved.
import type { AlarmKind, Stage } from '../../../protocols/domain/alarm.ts'
import { alarmTable } from '../../../protocols/domain/alarm-table.ts'
import { settleGone } from './clear.ts'
import { alarmPrefix, readAlarm, type AlarmDocument } from '../documents.ts'
import { log, type Judging } from '../judging.ts'
import { coloured, endAlarm, withText, writeAlarm } from './write-alarm.ts'

export function findAlarm(judging: Judging, id: string): AlarmDocument | undefined {
  const hint = judging.keyById.get(id)
  const hinted = hint === undefined ? undefined : readAlarm(judging.memory, hint)
  if (hinted?.alarm.id === id) return hinted
  for (const key of judging.memory.keys(alarmPrefix)) {
    const document = readAlarm(judging.memory, key)
    if (document?.alarm.id === id) return document
  }
  return undefined
}

function acknowledge(judging: Judging, document: AlarmDocument): AlarmDocument | undefined {
  const { alarm } = document
  if (alarm.state === 'acknowledged' || alarm.state === 'out-of-service') return document
  const { suppression: _answered, shelvedUntilMs: _over, ...rest } = document
  const answered: AlarmDocument = {
    ...rest,
    alarm: { ...alarm, state: 'acknowledged', latchedColour: alarm.colour },
  }
  writeAlarm(judging, 'acknowledged', answered)
  if (answered.isPresent || answered.heldUntilMs !== undefined) return answered
  endAlarm(judging, answered)
  return undefined
}

/** What the last reading of the device would raise again without a new event. */
const raisedByTime = new Set<AlarmKind>(['mains-lost', 'water'])

/** An alarm that no reading can end: it stands until a person closes it, or until its device is removed. */
function endsByAnswer(judging: Judging, { alarm }: AlarmDocument): boolean {
  if (alarmTable[alarm.kind].endsBy === 'answer' || alarm.kind === 'intrusion') return true
  const isKnown = alarm.device === judging.settings.boxId || judging.settings.devices.has(alarm.device)
  return !isKnown && !raisedByTime.has(alarm.kind)
}

export function takeStage(judging: Judging, id: string, stage: Stage): void {
  if (stage === 'stored' || stage === 'centre' || stage === 'seen') return
  const document = findAlarm(judging, id)
  if (!document) return
  const answered = acknowledge(judging, document)
  if (stage === 'closed' && answered && endsByAnswer(judging, answered)) endAlarm(judging, answered)
}

export function shelve(judging: Judging, input: { alarm: string; forMs: number; by: string }): void {
  const document = findAlarm(judging, input.alarm)
  const refuse = (why: string) => log(judging, 'shelve-refused', { alarm: input.alarm, by: input.by, why })
  if (!document) return refuse('no such alarm')
  const { alarm } = document
  if (alarm.colour === 'red') return refuse('red is never shelved')
  if (input.forMs <= 0) return alarm.state === 'shelved' ? unshelve(judging, document) : refuse('not shelved')
  if (alarm.state === 'suppressed' || alarm.state === 'out-of-service') return refuse(`it is ${alarm.state}`)
  const forMs = Math.min(input.forMs, judging.settings.limits.shelveSMax * 1000)
  log(judging, 'shelved', { alarm: alarm.id, device: alarm.device, by: input.by, forMs })
  writeAlarm(judging, 'shelved', {
    ...document,
    shelvedUntilMs: judging.now.steadyMs + forMs,
    shelvedBy: input.by,
    alarm: { ...alarm, state: 'shelved' },
  })
}

/** The shelf time is over: a condition that still holds is raised again, one that has gone ends. */
export function unshelve(judging: Judging, document: AlarmDocument): void {
  const { shelvedUntilMs: _over, ...rest } = document
  const shown: AlarmDocument = { ...rest, alarm: { ...rest.alarm, state: 'unacknowledged' } }
  if (rest.isPresent) return writeAlarm(judging, 'unshelved', shown)
  endAlarm(judging, rest)
}

/** A hold is over: the alarm is sent with its present state. */
export function unhold(judging: Judging, document: AlarmDocument): void {
  const { heldUntilMs: _over, ...rest } = document
  if (!rest.isPresent) return settleGone(judging, rest)
  writeAlarm(judging, 'updated', rest)
}

export function confirm(judging: Judging, input: { alarm: string; by: string }): void {
  const document = findAlarm(judging, input.alarm)
  if (document?.alarm.kind !== 'intrusion' || document.alarm.colour === 'red')
    return log(judging, 'confirm-refused', { alarm: input.alarm, by: input.by })
  escalateToConfirmed(judging, document)
}

/** A second source confirmed the intrusion. */
export function escalateToConfirmed(judging: Judging, document: AlarmDocument): void {
  const { suppression: _through, shelvedUntilMs: _over, heldUntilMs: _free, ...rest } = document
  writeAlarm(
    judging,
    'escalated',
    withText(judging, {
      ...rest,
      isPresent: true,
      alarm: { ...coloured(rest.alarm, 'red'), variant: 'confirmed', state: 'unacknowledged' },
    }),
  )
}
