// Which of the two languages a person reads.
import type { BilingualText } from '../../protocols/domain/alarm.ts'

export type Language = keyof BilingualText

/** The stored choice; otherwise the browser's language if it is Chinese, otherwise English; Chinese if the browser reports none. */
export function chooseLanguage(stored: string | null, preferred: readonly string[]): Language {
  if (stored === 'zh' || stored === 'en') return stored
  for (const tag of preferred) {
    const primary = tag.toLowerCase().split('-')[0]
    if (primary === 'zh' || primary === 'en') return primary
  }
  return preferred.length === 0 ? 'zh' : 'en'
}
