// Everything that `gengfu check` looks at, the clock first: a wrong clock makes other findings wrong.
import { lookup } from '../../../protocols/kit/parse-json.ts'
import { lookup as addressOf } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Fault } from '../../../protocols/health/faults.ts'
import { CentreChanges } from '../../config/centre-changes.ts'
import type { GatewayConfig } from '../../config/config.ts'
import { looseEnds, missingSecrets } from '../../health/file-findings.ts'
import { checkCertificates } from './check-files.ts'
import { checkBoard, checkClock, checkFolder, checkRoute } from './check-machine.ts'
import type { CheckReport } from './check-report.ts'
import { checkRunning } from './check-running.ts'
import type { CheckWorld } from './check-world.ts'

const ports: Record<string, number> = lookup({ 'mqtt:': 1883, 'mqtts:': 8883, 'ws:': 80, 'wss:': 443 })

const alone = (faults: Fault[]): CheckReport => ({ faults, notes: [] })

/** Reads only. */
export async function checkBox(file: string, world: CheckWorld): Promise<CheckReport> {
  const opened = CentreChanges.look(file)
  if (!opened.ok)
    return alone(
      opened.problems.map(({ path, message }) => ({
        code: 'config-wrong',
        grade: 'act',
        about: path,
        facts: { path: path === '' ? '(file)' : path, why: message },
      })),
    )
  const { config } = opened.value
  const running = await world.running(config)
  const reports = [
    await checkClock(world, running),
    checkFolder(config),
    checkBoard(world),
    checkCertificates(config, world),
    alone(missingSecrets(config)),
    alone(looseEnds(config)),
    await checkCentre(config, world),
    checkRunning(running, world.wallMs),
  ]
  return {
    faults: withoutRepeats(reports.flatMap(({ faults }) => faults)),
    notes: reports.flatMap(({ notes }) => notes),
  }
}

/** The disk and the program may name the same thing. */
function withoutRepeats(faults: readonly Fault[]): Fault[] {
  const seen = new Set<string>()
  return faults.filter(({ code, about = '' }) => {
    const key = `${code} ${about}`
    const isNew = !seen.has(key)
    seen.add(key)
    return isNew
  })
}

async function checkCentre(config: GatewayConfig, world: CheckWorld): Promise<CheckReport> {
  const { uplink } = config
  if (!uplink) return alone([{ code: 'no-centre', grade: 'watch', facts: {} }])
  const reports: CheckReport[] = []
  for (const address of uplink.urls ?? [uplink.url]) reports.push(await checkAddress(address, config, world))
  // The box needs one of its equal centres: while it reaches one, a person need not act for the others.
  const isReached = reports.some(({ notes }) => notes.length > 0)
  return {
    faults: reports.flatMap(({ faults }) =>
      isReached ? faults.map((fault) => ({ ...fault, grade: 'watch' as const })) : faults,
    ),
    notes: reports.flatMap(({ notes }) => notes),
  }
}

async function checkAddress(address: string, config: GatewayConfig, world: CheckWorld): Promise<CheckReport> {
  const url = new URL(address)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const problem = await world.reach(host, Number(url.port) || (ports[url.protocol] ?? 8883))
  if (problem === undefined)
    return {
      faults: [],
      notes: [
        { grade: 'good', zh: `镇中心 ${url.host} 可以连上`, en: `the centre ${url.host} can be reached.` },
      ],
    }
  const route = checkRoute(config, world)
  const isUnknown = isIP(host) === 0 && !(await isNameKnown(host))
  return alone([
    ...route,
    // Without a way out no name is found either.
    ...(isUnknown && route.length === 0
      ? [{ code: 'dns-fails' as const, grade: 'act' as const, facts: { host } }]
      : []),
    { code: 'centre-unreachable', grade: 'act', facts: { host: url.host, why: problem } },
  ])
}

const isNameKnown = (host: string): Promise<boolean> =>
  addressOf(host).then(
    () => true,
    () => false,
  )
