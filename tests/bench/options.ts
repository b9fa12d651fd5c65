// Flags of a benchmark, as `--name number`; every one has a default.

export function readOptions<T extends Record<string, number>>(args: readonly string[], defaults: T): T {
  const options: Record<string, number> = { ...defaults }
  const flags = Object.entries(defaults).map(([key, fallback]) => `--${key} ${fallback}`)
  if (args.includes('--help') || args.includes('-h')) {
    console.log(`flags of this benchmark: ${flags.join('  ')}`)
    process.exit(0)
  }
  for (let at = 0; at < args.length; at += 2) {
    const name = args[at]?.replace(/^--/, '') ?? ''
    const value = Number(args[at + 1])
    if (!Object.hasOwn(defaults, name) || !Number.isFinite(value))
      throw new Error(`flags of this benchmark: ${flags.join('  ')}`)
    options[name] = value
  }
  return options as T
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
