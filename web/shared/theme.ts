// Puts the chosen theme on the page as an attribute: style sheets know one set of tokens for each, old browsers too.
import { shallowRef } from 'vue'
import { nextTheme, readTheme, shownTheme, type ThemeChoice } from './theme-choice.ts'

const storageKey = 'gengfu.theme'

export const theme = shallowRef<ThemeChoice>('auto')

export function startTheme(): void {
  let stored: string | null = null
  try {
    stored = localStorage.getItem(storageKey)
  } catch {
    // A browser that forbids storage: the machine's setting applies.
  }
  const prefersDark = window.matchMedia('(prefers-color-scheme: dark)')
  const show = (): void => {
    document.documentElement.dataset['theme'] = shownTheme(theme.value, prefersDark.matches)
  }
  theme.value = readTheme(stored)
  show()
  // The old name: the new one came after the oldest supported browsers.
  prefersDark.addListener(show)
  showTheme = show
}

let showTheme = (): void => {}

export function turnTheme(): void {
  theme.value = nextTheme(theme.value)
  showTheme()
  try {
    localStorage.setItem(storageKey, theme.value)
  } catch {
    // The choice lasts as long as the page.
  }
}
