// The reader's language, and how a bilingual text becomes words on the page.
import { shallowRef } from 'vue'
import type { BilingualText } from '../../protocols/domain/alarm.ts'
import { fillText } from '../../protocols/health/fill-text.ts'
import { chooseLanguage, type Language } from './language-choice.ts'

const storageKey = 'gengfu.language'

export const language = shallowRef<Language>('zh')

/** Reads the stored choice. A browser that forbids storage still works: the choice lasts as long as the page. */
export function startLanguage(): void {
  useLanguage(chooseLanguage(readStored(), navigator.languages))
}

export function setLanguage(next: Language): void {
  useLanguage(next)
  try {
    localStorage.setItem(storageKey, next)
  } catch {
    // Private windows and locked-down kiosks refuse storage; the page itself has switched already.
  }
}

export function say(text: BilingualText): string {
  return text[language.value]
}

/** Puts `{name}` parts and forms of words, `{count|box|boxes}`, into a text. */
export function fill(text: BilingualText, parts: Record<string, string | number>): string {
  return fillText(say(text), parts)
}

function useLanguage(next: Language): void {
  language.value = next
  document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en'
}

function readStored(): string | null {
  try {
    return localStorage.getItem(storageKey)
  } catch {
    return null
  }
}
