// Durations for people, in both languages, as short as they stay clear.

const units: { ms: number; zh: string; en: string }[] = [
  { ms: 86_400_000, zh: '天', en: 'd' },
  { ms: 3_600_000, zh: '小时', en: 'h' },
  { ms: 60_000, zh: '分', en: 'min' },
  { ms: 1000, zh: '秒', en: 's' },
]

/** The two largest units that are not zero: `2 min 5 s`, `2 分 5 秒`; never negative. */
export function describeDuration(ms: number, language: 'zh' | 'en'): string {
  let rest = Math.max(0, Math.floor(ms / 1000) * 1000)
  const parts: string[] = []
  for (const [index, unit] of units.entries()) {
    const count = Math.floor(rest / unit.ms)
    rest -= count * unit.ms
    if (count > 0 || (index === units.length - 1 && parts.length === 0)) {
      parts.push(`${count} ${unit[language]}`)
    }
    if (parts.length === 2) break
  }
  return parts.join(' ')
}
