// Versions of the program and their order, as Semantic Versioning has it: numbers first, a version with a suffix before the one without.
/** `1.2.0`, or `1.2.0-rc.1` before it. */
export const versionPattern = /^\d{1,6}\.\d{1,6}\.\d{1,6}(-[0-9A-Za-z]{1,20}(\.[0-9A-Za-z]{1,20}){0,3})?$/

/** Below 0 when `a` comes before `b`, 0 when they are the same. Both have to match `versionPattern`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)]
  for (let at = 0; at < 3; at++) {
    const difference =
      Number.parseInt(left.numbers[at] ?? '0', 10) - Number.parseInt(right.numbers[at] ?? '0', 10)
    if (difference !== 0) return difference
  }
  if (left.suffix === undefined || right.suffix === undefined)
    return (left.suffix === undefined ? 1 : 0) - (right.suffix === undefined ? 1 : 0)
  return compareSuffixes(left.suffix.split('.'), right.suffix.split('.'))
}

function partsOf(version: string): { numbers: string[]; suffix: string | undefined } {
  const at = version.indexOf('-')
  const main = at < 0 ? version : version.slice(0, at)
  return { numbers: main.split('.'), suffix: at < 0 ? undefined : version.slice(at + 1) }
}

function compareSuffixes(a: readonly string[], b: readonly string[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const [left, right] = [a[at], b[at]]
    if (left === undefined || right === undefined) return a.length - b.length
    if (left === right) continue
    const areNumbers = /^\d+$/.test(left) && /^\d+$/.test(right)
    if (areNumbers) return Number.parseInt(left, 10) - Number.parseInt(right, 10)
    if (/^\d+$/.test(left) !== /^\d+$/.test(right)) return /^\d+$/.test(left) ? -1 : 1
    return left < right ? -1 : 1
  }
  return 0
}
