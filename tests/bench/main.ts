// `npm run bench -- NAME`: runs one benchmark; each measures us and a peer in the same run and prints ratios.

type Run = (args: readonly string[]) => Promise<unknown>

const benches: Record<string, { words: string; load: () => Promise<Run> }> = {
  intake: {
    words: 'durable PUBACKs a second beside Mosquitto that keeps nothing',
    load: async () => (await import('./intake.ts')).runIntake,
  },
  'press-to-desk': {
    words: 'a press until the desk hears it, beside two syncs and three loopback hops',
    load: async () => (await import('./press-to-desk.ts')).runPressToDesk,
  },
  'first-picture': {
    words: "a press until its first picture is on the desk, beside the camera's answer and one round trip",
    load: async () => (await import('./first-picture.ts')).runFirstPicture,
  },
  'urgent-under-load': {
    words: 'the PUBACK of a press while 500 devices saturate the box, beside an idle box',
    load: async () => (await import('./urgent-under-load.ts')).runUrgentUnderLoad,
  },
  flash: {
    words: 'bytes written for one routine report by commit window, beside a naive table',
    load: async () => (await import('./figures/flash.ts')).runFlash,
  },
  idle: {
    words: 'processor and memory of an idle village, beside Mosquitto',
    load: async () => (await import('./idle.ts')).runIdle,
  },
  start: {
    words: 'process start to first durable PUBACK, beside a Node that does nothing',
    load: async () => (await import('./start.ts')).runStart,
  },
  memory: {
    words: 'memory while a million waiting records drain to a centre',
    load: async () => (await import('./memory.ts')).runMemory,
  },
  drain: {
    words: 'a backlog on loopback to a centre that syncs, beside a Mosquitto bridge that keeps nothing',
    load: async () => (await import('./drain.ts')).runDrain,
  },
  'thin-link': {
    words:
      'red and the drain of a million records on 64 kbit/s and 300 ms, beside a Mosquitto bridge (--minutes 10)',
    load: async () => (await import('./link/thin-link.ts')).runThinLink,
  },
  postgres: {
    words: 'records a second into PostgreSQL and red beside bulk, beside a plain INSERT ... unnest loop',
    load: async () => (await import('./town/postgres.ts')).runPostgres,
  },
  'small-box': {
    words: 'the whole box inside 256 MB and half a core: start, alarms, a million records drained',
    load: async () => (await import('./load/small-box.ts')).runSmallBox,
  },
  dialects: {
    words: 'a press through each dialect to the desk, beside a native press',
    load: async () => (await import('./dialects/dialects.ts')).runDialects,
  },
  'bought-devices': {
    words: '2000 Zigbee devices on one bridge, beside native ones (--minutes 10)',
    load: async () => (await import('./load/bought-devices.ts')).runBoughtDevices,
  },
  'hostile-device': {
    words: 'a press beside one hostile device of a valid password, and without it, in turn (--minutes 10)',
    load: async () => (await import('./hostile/hostile-device.ts')).runHostileDevice,
  },
  'hostile-box': {
    words: "another village's red at a centre of 1 GB beside one box that does its worst (--minutes 10)",
    load: async () => (await import('./hostile/hostile-box.ts')).runHostileBox,
  },
  'centre-size': {
    words:
      'every list of a centre with a million records beside a hundredth of it, and a red press meanwhile',
    load: async () => (await import('./town/centre-size.ts')).runCentreSize,
  },
  'desk-load': {
    words:
      'a red on the screen of a desk with 5000 open alarms and 50 changes a second, and its memory over 8 hours (--hours 8)',
    load: async () => (await import('./town/desk-load.ts')).runDeskLoad,
  },
  boxes: {
    words: '100 to 2000 boxes at one centre, and a storm of 2000 alarms in a minute',
    load: async () => (await import('./town/boxes.ts')).runBoxes,
  },
  county: {
    words:
      'boxes at four centres over PostgreSQL with a standby, and a storm of as many alarms in a minute, beside a tenth at one SQLite centre (--boxes 20000)',
    load: async () => (await import('./town/county.ts')).runCounty,
  },
  outlets: {
    words:
      "a red on the desk until each receiver has it, beside the receiver's own answer time, with bad ones among them",
    load: async () => (await import('./town/outlets.ts')).runOutlets,
  },
  'box-outlets': {
    words: 'a press until a receiver of the box itself has it, with bad receivers among them',
    load: async () => (await import('./town/box-outlets.ts')).runBoxOutlets,
  },
  'report-check': {
    words: 'what the check of a Report costs at the centre, by the zod schema and by check-report.ts',
    load: async () => (await import('./report-check.ts')).runReportCheck,
  },
  'centre-intake': {
    words: 'Reports stored by the centre, beside a plain loop that syncs nothing; takes a count',
    load: async () => async () => {
      process.argv.splice(2, 1) // it reads its count from the first argument
      await import('./centre-intake.ts')
    },
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
