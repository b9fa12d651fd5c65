// What a refused step of a case is about, in words: names of people, actions, alarms and states, no codes. Pure.
import { caseStateWords } from '../../../protocols/desk/case-words.ts'
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import { alarmTable } from '../../../protocols/domain/alarm-table.ts'
import { caseStates, type Case } from '../../../protocols/domain/case.ts'
import { activeAlarms, openActions } from './archive-conditions.ts'
import type { Refusal } from './case-input.ts'

const details = {
  drill: { zh: '演练', en: 'a drill' },
  'needs-answer': { zh: '案件须先再次接警', en: 'the case must be accepted again first' },
  'yes, no': { zh: '是或否', en: 'yes or no' },
} satisfies Record<string, BilingualText>

const isDetail = (text: string): text is keyof typeof details => Object.hasOwn(details, text)

function joined(words: readonly BilingualText[]): BilingualText {
  return { zh: words.map(({ zh }) => zh).join('、'), en: words.map(({ en }) => en).join(', ') }
}

/** The text that follows the sentence of the refusal; empty texts when there is nothing to add. */
export function refusalWords({ code, detail }: Refusal, item: Case): BilingualText {
  if (code === 'open-actions') return joined(openActions(item).map(({ label }) => label))
  if (code === 'alarm-active') return joined(activeAlarms(item).map(({ kind }) => alarmTable[kind].name))
  const state = caseStates.find((one) => one === detail)
  if (state !== undefined) return caseStateWords[state]
  if (isDetail(detail)) return details[detail]
  const action = item.actions.find(({ id }) => id === detail)
  return action?.label ?? { zh: detail, en: detail }
}
