// Flood control below red: people get at most ten alarms in ten minutes. Further ones are collected behind one storm
// alarm with a count; each is still recorded, as suppressed by design.
import type { Alarm, AlarmKind, BilingualText } from '../../../protocols/domain/alarm.ts'
import { alarmTable } from '../../../protocols/domain/alarm-table.ts'
import { outranks, urgency, type Colour } from '../../../protocols/domain/colour.ts'
import { settleGone } from '../lifecycle/clear.ts'
import { alarmKey, alarmPrefix, readAlarm, readBox, type AlarmDocument } from '../documents.ts'
import { keyOf, setBox, type Judging } from '../judging.ts'
import { coloured, keepAlarm, withText, writeAlarm } from '../lifecycle/write-alarm.ts'
import { stormEndsBelow, untoldForMsMax } from '../due/alarm-due.ts'

/** Alarms per window without the storm's own: lower colours have lower limits, which leaves room for orange. */
const linesMax: Record<Colour, number> = { red: Infinity, orange: 9, yellow: 6, blue: 4 }
/** After a storm, the alarms that still stand are checked this often until all have been shown. */
const releaseEachMs = 60_000

export const stormKey = (judging: Judging): string => alarmKey(judging.settings.boxId, 'storm')

/** True if one more alarm of this kind may be shown; it is then counted. */
export function admitLine(judging: Judging, kind: AlarmKind, colour: Colour, isRelease = false): boolean {
  const { limits } = judging.settings
  const nowMs = judging.now.steadyMs
  const storm = readAlarm(judging.memory, stormKey(judging))
  if (!isRelease && storm?.isPresent && storm.storm?.[kind] !== undefined) return false
  const box = readBox(judging.memory)
  const lines = (box.lines ?? []).filter(({ atMs }) => atMs > nowMs - limits.stormWindowS * 1000)
  const ofKind = lines.filter((line) => line.kind === kind).length
  if (lines.length >= linesMax[colour] || ofKind >= limits.stormOfOneKind) return false
  setBox(judging, { ...box, lines: [...lines, { atMs: nowMs, kind, colour }] })
  return true
}

function stormRemark(counts: NonNullable<AlarmDocument['storm']>): BilingualText {
  const sorted = (Object.entries(counts) as [AlarmKind, number][]).sort((a, b) => b[1] - a[1])
  return {
    zh: sorted.map(([kind, count]) => `${alarmTable[kind].name.zh} ${count} 起`).join('，'),
    en: sorted.map(([kind, count]) => `${count} x ${alarmTable[kind].name.en}`).join(', '),
  }
}

function newStorm(judging: Judging, member: Alarm): AlarmDocument {
  const { now, settings } = judging
  const counts = { [member.kind]: 1 }
  return {
    alarm: {
      id: `${now.inputId}-${judging.raised++}`,
      device: settings.boxId,
      kind: 'storm',
      colour: member.colour,
      latchedColour: member.colour,
      state: 'unacknowledged',
      occurrences: 1,
      text: { zh: '', en: '' },
    },
    isPresent: true,
    raisedMs: now.steadyMs,
    raisedWallMs: now.wallMs,
    raisedClock: now.clock,
    writtenMs: now.steadyMs,
    changesMs: [],
    storm: counts,
    remark: stormRemark(counts),
  }
}

/** Counts an alarm into the storm; `isRise` when the storm already holds it and its colour has risen. */
export function joinStorm(judging: Judging, member: Alarm, isRise = false): void {
  const nowMs = judging.now.steadyMs
  const box = readBox(judging.memory)
  if (!isRise) setBox(judging, { ...box, stormMs: [...(box.stormMs ?? []), nowMs].slice(-stormEndsBelow) })
  const before = readAlarm(judging.memory, stormKey(judging))
  if (!before) return writeAlarm(judging, 'raised', withText(judging, newStorm(judging, member)))
  const storm = { ...before.storm }
  if (!isRise) storm[member.kind] = (storm[member.kind] ?? 0) + 1
  const { releaseMs: _anew, ...rest } = before
  const occurrences = before.alarm.occurrences + (isRise ? 0 : 1)
  const document = { ...rest, isPresent: true, storm, alarm: { ...before.alarm, occurrences } }
  const counted = (alarm: Alarm): AlarmDocument =>
    withText(judging, { ...document, alarm, remark: stormRemark(storm) })
  if (outranks(member.colour, before.alarm.colour))
    return writeAlarm(
      judging,
      'escalated',
      counted({ ...coloured(document.alarm, member.colour), state: 'unacknowledged' }),
    )
  if (before.alarm.state === 'returned-unacknowledged')
    return writeAlarm(judging, 'repeated', counted({ ...document.alarm, state: 'unacknowledged' }))
  if (nowMs - before.writtenMs < untoldForMsMax) keepAlarm(judging, { ...document, isUntold: true })
  else writeAlarm(judging, 'updated', counted(document.alarm))
}

/** Sends the count that had to wait. */
export function tellStorm(judging: Judging, document: AlarmDocument): void {
  writeAlarm(
    judging,
    'updated',
    withText(judging, { ...document, remark: stormRemark(document.storm ?? {}) }),
  )
}

function membersOf(judging: Judging): AlarmDocument[] {
  const members: AlarmDocument[] = []
  for (const key of judging.memory.keys(alarmPrefix)) {
    const document = readAlarm(judging.memory, key)
    if (document?.suppression?.why === 'storm') members.push(document)
  }
  return members.sort((a, b) => urgency(a.alarm.colour) - urgency(b.alarm.colour) || a.raisedMs - b.raisedMs)
}

/** The storm has ended: alarms that still stand are shown at the allowed rate. Returns the storm's own transition. */
export function releaseStorm(judging: Judging, document: AlarmDocument): void {
  const isAnswered = document.alarm.state === 'acknowledged'
  let waiting = 0
  for (const member of membersOf(judging)) {
    const { kind, colour } = member.alarm
    if (!isAnswered && !admitLine(judging, kind, colour, true)) {
      waiting++
      continue
    }
    const { suppression: _over, ...rest } = member
    const state = isAnswered ? 'acknowledged' : 'unacknowledged'
    writeAlarm(judging, 'unsuppressed', { ...rest, alarm: { ...rest.alarm, state } })
  }
  const after = readAlarm(judging.memory, keyOf(document.alarm)) ?? document
  if (waiting > 0) keepAlarm(judging, { ...after, releaseMs: judging.now.steadyMs + releaseEachMs })
  else settleGone(judging, { ...after, isPresent: false })
}
