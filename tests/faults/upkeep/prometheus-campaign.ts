// Does a real Prometheus take the rules, scrape box and centre, and evaluate every rule and every panel of the dashboards? The names alone are
// checked by a test; this one also finds an expression that Prometheus refuses or that fails on real series.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { createTown, freePort, type TestTown } from '../../kits/system/programs.ts'

const monitoring = fileURLToPath(new URL('../../../deploy/monitoring', import.meta.url))
const waitMsMax = 240_000
/** Rates need two scrapes; rules are evaluated as often. */
const scrapeSeconds = 2

export interface PrometheusResult {
  rules: number
  panels: number
  /** Expressions of panels that gave at least one series. */
  withSeries: number
  faults: string[]
}

interface Answer<T> {
  status: string
  error?: string
  data?: T
}
interface Rule {
  name: string
  health: string
  lastError?: string
  state: string
}
interface Target {
  labels: { job: string }
  health: string
  lastError: string
}

export async function runPrometheusCampaign(say: (text: string) => void): Promise<PrometheusResult> {
  for (const program of ['prometheus', 'promtool'])
    if (!existsSync(join('/usr/bin', program)))
      throw new Error(`${program} is missing: apt-get install --no-install-recommends prometheus`)
  const ruleFiles = readdirSync(monitoring).filter((name) => name.endsWith('.yml'))
  for (const name of ruleFiles)
    say(execFileSync('promtool', ['check', 'rules', join(monitoring, name)], { encoding: 'utf8' }).trim())
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-prometheus-'))
  const town = await createTown()
  let server: ChildProcess | undefined
  try {
    await town.startCentre()
    await town.startGateway()
    const port = await freePort()
    server = startPrometheus(folder, port, town, ruleFiles)
    const ask = async <T>(path: string): Promise<Answer<T>> => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)
      return (await answer.json()) as Answer<T>
    }
    await scraped(ask)
    say('box and centre are scraped')
    const rules = await evaluated(ask)
    say(`${rules.length} rules are evaluated`)
    // A rate needs two scrapes.
    await new Promise((resolve) => setTimeout(resolve, 3 * scrapeSeconds * 1000))
    const panels = await askPanels(ask)
    say(`${panels.asked} expressions of dashboards are answered, ${panels.withSeries} with series`)
    // A village that has just started has no water, no camera and no past.
    say(`without series: ${panels.empty.join('; ')}`)
    const broken = rules
      .filter(({ health }) => health !== 'ok')
      .map(({ name, lastError = '' }) => `${name}: ${lastError}`)
    return {
      rules: rules.length,
      panels: panels.asked,
      withSeries: panels.withSeries,
      faults: [...broken, ...panels.faults],
    }
  } finally {
    if (server) await end(server)
    await town.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

type Ask = <T>(path: string) => Promise<Answer<T>>

/** The jobs are named as the rules say at their head. */
function startPrometheus(
  folder: string,
  port: number,
  town: TestTown,
  ruleFiles: readonly string[],
): ChildProcess {
  const job = (name: string, at: number): object => ({
    job_name: name,
    static_configs: [{ targets: [`127.0.0.1:${at}`] }],
  })
  const file = join(folder, 'prometheus.yml')
  const every = `${scrapeSeconds}s`
  const settings = {
    global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
    rule_files: ruleFiles.map((name) => join(monitoring, name)),
    scrape_configs: [job('gengfu-box', town.ports.console), job('gengfu-centre', town.ports.http)],
  }
  writeFileSync(file, stringify(settings))
  const flags = {
    'config.file': file,
    'storage.tsdb.path': join(folder, 'data'),
    'web.listen-address': `127.0.0.1:${port}`,
  }
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
  return spawn('prometheus', args, { stdio: 'ignore' })
}

async function scraped(ask: Ask): Promise<void> {
  let last = ''
  await until(
    async () => {
      const { data } = await ask<{ activeTargets: Target[] }>('targets')
      const targets = data?.activeTargets ?? []
      last = JSON.stringify(targets.map(({ labels, health, lastError }) => [labels.job, health, lastError]))
      return targets.length === 2 && targets.every(({ health }) => health === 'up')
    },
    () => `box and centre are not scraped: ${last}`,
  )
}

async function evaluated(ask: Ask): Promise<Rule[]> {
  let rules: Rule[] = []
  await until(
    async () => {
      const { data } = await ask<{ groups: { rules: Rule[] }[] }>('rules')
      rules = data?.groups.flatMap((group) => group.rules) ?? []
      return rules.length > 0 && rules.every(({ health }) => health !== 'unknown')
    },
    () =>
      `rules are not evaluated: ${rules
        .filter(({ health }) => health === 'unknown')
        .map(({ name }) => name)
        .join(', ')}`,
  )
  return rules
}

async function askPanels(ask: Ask): Promise<{
  asked: number
  withSeries: number
  empty: string[]
  faults: string[]
}> {
  const folder = join(monitoring, 'dashboards')
  const faults: string[] = []
  const empty: string[] = []
  let [asked, withSeries] = [0, 0]
  for (const name of readdirSync(folder)) {
    const { panels } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
      panels: { title: string; targets: { expr: string }[] }[]
    }
    for (const { title, targets } of panels)
      for (const { expr } of targets) {
        // What Grafana puts in for "All".
        const whole = expr.replaceAll('$instance', '.+')
        const answer = await ask<{ result: unknown[] }>(`query?query=${encodeURIComponent(whole)}`)
        asked++
        if (answer.status !== 'success') faults.push(`${name}, ${title}: ${answer.error}`)
        else if ((answer.data?.result.length ?? 0) > 0) withSeries++
        else empty.push(title)
      }
  }
  return { asked, withSeries, empty, faults }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

async function until(isSo: () => Promise<boolean>, words: () => string): Promise<void> {
  for (const endMs = performance.now() + waitMsMax; performance.now() < endMs;) {
    // Until it listens there is no answer.
    if (await isSo().catch(() => false)) return
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  throw new Error(words())
}
