// An entry of a case's history in the reader's language: the centre writes kinds, colours, counts and steps as data.
import type { AlarmKind } from '../../../protocols/domain/alarm.ts'
import { alarmTable } from '../../../protocols/domain/alarm-table.ts'
import type { CaseEvent } from '../../../protocols/domain/case.ts'
import { colourSigns, type Colour } from '../../../protocols/domain/colour.ts'
import { kindWords } from '../../shared/kind-words.ts'
import type { Language } from '../../shared/language-choice.ts'
import { ordinal } from '../queue/again-text.ts'
import { deadlineWords, historyWords, outcomeWords } from './case-words.ts'

const isOwn = <T extends object>(key: string, table: T): key is Extract<keyof T, string> =>
  Object.keys(table).includes(key)

function colourText(text: string, language: Language): string {
  return isOwn(text, colourSigns) ? colourSigns[text as Colour][language] : text
}

/** Colour and count of an alarm, written as "red, 5". */
function changeText(text: string, language: Language): string {
  const [, colour, digits] = /^([a-z]+), (\d{1,9})$/.exec(text) ?? []
  if (colour === undefined || digits === undefined) return text
  const count = Number.parseInt(digits, 10)
  return language === 'zh'
    ? `${colourText(colour, 'zh')}，第 ${count} 次`
    : `${colourText(colour, 'en')}, the ${ordinal(count)} time`
}

/** Words that the centre writes in place of a person's text. */
function fixedText(text: string, language: Language): string {
  return isOwn(text, historyWords) ? historyWords[text][language] : text
}

/** Who or what the entry is about, before the text that belongs to it. */
function aboutText(subject: string | undefined, text: string, language: Language): string {
  if (subject === undefined || subject === '' || text === '') return subject || text
  return language === 'zh' ? `${subject}：${text}` : `${subject}: ${text}`
}

/** Texts of people are returned as written. */
export function historyText({ what, text, subject }: CaseEvent, language: Language): string {
  switch (what) {
    case 'opened':
      return isOwn(text, alarmTable) ? kindWords(text as AlarmKind, undefined)[language] : text
    case 'alarm-joined':
      return colourText(text, language)
    case 'alarm-changed':
      return changeText(text, language)
    case 'deadline-amber':
    case 'deadline-red':
    case 'supervisor-called':
      return subject !== undefined && isOwn(subject, deadlineWords)
        ? `${deadlineWords[subject][language]} ${text}`
        : text
    case 'accepted':
      return fixedText(text, language)
    case 'dispatched':
    case 'arrived':
    case 'dispatch-refused':
    case 'called':
    case 'taken-over':
      return aboutText(subject, text, language)
    case 'reported':
    case 'handed-over':
    case 'taken-back':
    case 'redistributed':
      return aboutText(subject, fixedText(text, language), language)
    case 'feedback': {
      const outcome =
        subject !== undefined && isOwn(subject, outcomeWords) ? outcomeWords[subject][language] : subject
      return aboutText(outcome, text, language)
    }
    case 'merged':
      return `${fixedText(text, language)} ${subject ?? ''}`.trim()
    case 'split':
      return aboutText(subject, text, language)
    default:
      return text
  }
}

/** The name of the person; the centre's own entries by its name in the reader's language. */
export function historyActor(who: string, language: Language): string {
  if (who !== 'centre') return who
  return language === 'zh' ? '镇中心' : 'the centre'
}
