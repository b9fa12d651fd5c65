// The record of a case for the next centre: an alarm record in the form that a box sends. Pure.
import { caseStateWords } from '../../protocols/desk/case-words.ts'
import { boxAlarmKinds, type Alarm, type AlarmChange, type AlarmKind } from '../../protocols/domain/alarm.ts'
import type { Case, CaseState } from '../../protocols/domain/case.ts'
import { isOver } from '../../protocols/domain/case-order.ts'
import { outranks, type Colour } from '../../protocols/domain/colour.ts'
import type { DeskRow } from '../alarms/desk-row.ts'
import type { Plan } from './action-lists.ts'

/** The content of the last record to the next centre. */
export interface SentUpward {
  times: number
  colour: Colour
  state: CaseState
  isEnded: boolean
}

const textMax = 300

/** The next centre treats this one as a box: a kind that only centres raise is sent as the nearest kind of a box. */
const kindOf = (kind: AlarmKind | undefined): AlarmKind =>
  kind !== undefined && boxAlarmKinds.includes(kind) ? kind : 'device-silent'

export function sentOf(item: Case, to: string): SentUpward | undefined {
  const times = item.reports.filter((report) => report.to === to).length
  if (times === 0) return undefined
  const last = item.reports.findLast((report) => report.to === to)
  // What the night had is over with the night.
  const isTakenBack = last?.who === 'centre' && last.text === 'timetable' && item.handedTo !== to
  return { times, colour: item.colour, state: item.state, isEnded: isOver(item.state) || isTakenBack }
}

function changeOf(before: SentUpward | undefined, now: SentUpward): AlarmChange | undefined {
  if (!before || (before.isEnded && !now.isEnded)) return now.isEnded ? undefined : 'raised'
  if (now.isEnded) return before.isEnded ? undefined : 'ended'
  if (outranks(now.colour, before.colour)) return 'escalated'
  if (now.times > before.times) return 'repeated'
  return now.state === before.state && now.colour === before.colour ? undefined : 'updated'
}

/** Undefined when nothing that the next centre shows has changed. */
export function upwardAlarm(
  item: Case,
  before: SentUpward | undefined,
  now: SentUpward,
  first: DeskRow | undefined,
): { change: AlarmChange; alarm: Alarm } | undefined {
  const change = changeOf(before, now)
  if (change === undefined) return undefined
  const { id, village, colour, title, isDrill, reports } = item
  const last = reports.at(-1)?.text ?? ''
  const source = last === '' || last === 'timetable' ? '' : ` (${last})`
  const state = caseStateWords[item.state]
  const words = (language: 'zh' | 'en'): string =>
    `[${state[language]}] ${title[language]}${source}`.slice(0, textMax)
  const place = first?.alarm.place
  return {
    change,
    alarm: {
      id,
      device: village,
      kind: kindOf(item.alarms[0]?.kind),
      colour,
      latchedColour: colour,
      state: now.isEnded ? 'normal' : 'unacknowledged',
      occurrences: now.times,
      zone: village,
      ...(place ? { place } : {}),
      text: { zh: words('zh'), en: words('en') },
      ...(isDrill ? { isDrill } : {}),
    },
  }
}

/** `what` of the log record that goes up with a case that is handed over: guidance, contacts and plans. */
export const casePackage = 'case-package'
const packageTextMax = 1800

/** In words for the history of the other centre's case. */
export function packageText(item: Case, plans: readonly Plan[], first: DeskRow | undefined): string {
  const place = first?.alarm.place
  const contacts = [place?.household, place?.zone, place?.phone].filter((part) => part !== undefined)
  const steps = plans.map(
    ({ label, steps: of }) => `${label.zh} / ${label.en}: ${of.map((step) => step.label.zh).join('、')}`,
  )
  const open = item.actions.filter(({ done }) => !done).map(({ label }) => label.zh)
  return [
    item.guidance === undefined ? '' : `指引 guidance: ${item.guidance.zh} / ${item.guidance.en}`,
    contacts.length > 0 ? `联系 contacts: ${contacts.join(' ')}` : '',
    open.length > 0 ? `必做 actions: ${open.join('、')}` : '',
    steps.length > 0 ? `预案 plans: ${steps.join('; ')}` : '',
  ]
    .filter((line) => line !== '')
    .join('\n')
    .slice(0, packageTextMax)
}
