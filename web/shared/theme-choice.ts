// Light or dark: the person's choice, else the machine's setting.
export const themes = ['auto', 'light', 'dark'] as const
export type ThemeChoice = (typeof themes)[number]

export function readTheme(stored: string | null): ThemeChoice {
  return themes.find((theme) => theme === stored) ?? 'auto'
}

export function shownTheme(choice: ThemeChoice, prefersDark: boolean): 'light' | 'dark' {
  return choice === 'auto' ? (prefersDark ? 'dark' : 'light') : choice
}

export const nextTheme = (choice: ThemeChoice): ThemeChoice =>
  themes[(themes.indexOf(choice) + 1) % themes.length] ?? 'auto'
