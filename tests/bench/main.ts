// `npm run bench -- NAME`: runs one benchmark; each measures us and a peer in the same run and prints ratios.

type Run = (args: readonly string[]) => Promise<unknown>

const benches: Record<string, { words: string; load: () => Promise<Run> }> = {
  intake: {
    words: 'durable PUBACKs a second beside Mosquitto that keeps nothing',
    load: async () => (await import('./intake.ts')).runIntake,
  },
}

function help(): string {
  const width = Math.max(...Object.keys(benches).map((name) => name.length))
  return [
    'Usage: npm run bench -- NAME [--flag number ...]',
    '',
    ...Object.entries(benches).map(([name, { words }]) => `  ${name.padEnd(width)}  ${words}`),
    '',
  ].join('\n')
}

const [name, ...rest] = process.argv.slice(2)
const bench = Object.hasOwn(benches, name ?? '') ? benches[name ?? ''] : undefined
if (name === undefined || name === '--help' || name === '-h') {
  console.log(help())
  process.exitCode = name === undefined ? 2 : 0
} else if (bench) {
  const run = await bench.load()
  await run(rest)
} else {
  console.error(`there is no benchmark "${name}"\n\n${help()}`)
  process.exitCode = 2
}
