// Do the packages do what Debian people and a town expect? A centre and a box on two machines with the real systemd: installed, updated by
// the centre and by hand while a village reports, with good and broken versions, with and without a link, through power cuts, removed and
// purged. Every acknowledged event is counted at the end.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AlarmButton } from '../../../firmware-sim/devices/alarm-button.ts'
import { createPopulation } from '../../../firmware-sim/village/population.ts'
import { createVillage, type Village } from '../../../firmware-sim/village/village.ts'
import { createSeededRandom } from '../../../protocols/kit/random.ts'
import { makeBase } from '../../kits/machine/machines.ts'
import { compareVillage, type VillageFaults } from '../compare-village.ts'
import { TrialVersions } from './trial-versions.ts'
import { boxId, TwoMachines, villageUrl } from './two-machines.ts'

export interface PackagesPlan {
  /** The folder of `.work/release-...` that `npm run package` wrote. */
  tree: string
  /** Where the Debian root is kept for the next time. */
  base: string
  seed: number
  powerCuts: number
  say: (text: string) => void
}

export interface PackagesResult {
  /** Seconds of each step. */
  tookS: Record<string, number>
  faults: VillageFaults
  broken: string[]
}

const project = fileURLToPath(new URL('../../..', import.meta.url))
const waitMsMax = 420_000
const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'

export async function runPackagesCampaign(plan: PackagesPlan): Promise<PackagesResult> {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-packages-'))
  const devices = createPopulation(6, plan.seed)
  const versions = new TrialVersions({
    project,
    tree: plan.tree,
    work: join(folder, 'versions'),
    architecture,
  })
  plan.say('a base by debootstrap, the first packages, two machines')
  const town = new TwoMachines({
    project,
    base: makeBase(plan.base),
    folder,
    packages: {
      box: versions.debianPackage('gengfu', '0.1.0'),
      centre: versions.debianPackage('gengfu-centre', '0.1.0'),
    },
    publicKey: versions.keyFile,
    devices,
  })
  let campaign: Campaign | undefined
  try {
    await town.start()
    const village = createVillage({
      seed: plan.seed,
      devices,
      url: villageUrl,
      reportIntervalMs: 0,
      queueEventsMax: 100_000,
      backOff: { firstMs: 100, maxMs: 1000 },
      credential: (device) => town.credentials.get(device) ?? {},
    })
    campaign = new Campaign(plan, town, village, versions)
    return await campaign.run()
  } catch (error) {
    plan.say(await town.lastWords())
    throw error
  } finally {
    campaign?.stop()
    await town.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

class Campaign {
  readonly #tookS: Record<string, number> = {}
  readonly #broken: string[] = []
  readonly #plan: PackagesPlan
  readonly #town: TwoMachines
  readonly #village: Village
  readonly #versions: TrialVersions
  #load: NodeJS.Timeout | undefined

  constructor(plan: PackagesPlan, town: TwoMachines, village: Village, versions: TrialVersions) {
    this.#plan = plan
    this.#town = town
    this.#village = village
    this.#versions = versions
  }

  async run(): Promise<PackagesResult> {
    const town = this.#town
    await this.#step('linked, and a press is at the desk', () => this.#begin())
    await this.#step('a frozen service is back by the watchdog of systemd', () => this.#freeze())
    await this.#step('0.2.0 by the centre, confirmed', () => this.#byCentre('0.2.0', 'done'))
    await this.#step('0.3.0 ends at once: back by itself, and the release stopped', () =>
      this.#byCentre('0.3.0', 'went-back'),
    )
    await town.link(false)
    await this.#step('0.3.1 by hand without a link proves nothing: back by itself', () => this.#badByHand())
    await this.#step('0.4.0 by hand without a link stays on trial beside the old one', () =>
      this.#goodByHand(),
    )
    await town.link(true)
    await this.#step('0.4.0 is confirmed once there is a link', () => this.#confirmed('0.4.0'))
    for (let cut = 1; cut <= this.#plan.powerCuts; cut++)
      await this.#step(`power cut ${cut} during an update: it runs`, () => this.#powerCut(cut))
    await this.#step('0.5.0 by dpkg, confirmed', () => this.#byDpkg('0.5.0'))
    clearInterval(this.#load)
    await this.#step('everything is at the centre', () => this.#drained())
    const faults = await compareVillage(town, boxId, this.#village)
    this.#village.stop()
    await this.#step('removed, installed again, purged', () => this.#remove())
    return { tookS: this.#tookS, faults, broken: this.#broken }
  }

  stop(): void {
    clearInterval(this.#load)
    this.#village.stop()
  }

  async #step(what: string, run: () => Promise<void>): Promise<void> {
    const startedMs = performance.now()
    const { acked } = this.#village.statistics()
    await run()
    const seconds = (performance.now() - startedMs) / 1000
    this.#tookS[what] = Math.round(seconds)
    const more = this.#village.statistics().acked - acked
    this.#plan.say(`${what}: ${seconds.toFixed(0)} s, ${more} events acknowledged meanwhile`)
  }

  #expect(isSo: boolean, words: string): void {
    if (isSo) return
    this.#broken.push(words)
    this.#plan.say(`  broken: ${words}`)
  }

  readonly #box = (text: string): Promise<string> => this.#town.box.shell(text)
  readonly #current = (): Promise<string> => this.#box('basename "$(readlink /opt/gengfu/current)"')
  readonly #status = (): Promise<string> => this.#box('/usr/lib/gengfu/release status')
  readonly #check = (): Promise<string> =>
    this.#town.box.tries('gengfu', 'check', '--config', '/etc/gengfu/gateway.yaml')

  async #begin(): Promise<void> {
    this.#village.start()
    // Six devices once a second: the load of a village of 1800 that report every five minutes.
    this.#load = setInterval(() => {
      for (const member of this.#village.members)
        if (member instanceof AlarmButton) member.press()
        else member.device.report()
    }, 1000)
    await until(async () => (await this.#check()).includes('✓ linked to the centre'), 'no link')
    await until(async () => {
      const { alarms } = await this.#town.get<{ alarms: { kind: string }[] }>('/api/v1/alarms')
      return alarms.some(({ kind }) => kind === 'sos')
    }, 'no alarm at the desk')
  }

  /** SIGSTOP: the event loop and every thread stand still. */
  async #freeze(): Promise<void> {
    const main = (): Promise<string> => this.#box('systemctl show -p MainPID --value gengfu-gateway')
    const before = await main()
    await this.#box(`kill -STOP ${before}`)
    const startedMs = performance.now()
    await until(async () => !['0', before].includes(await main()), 'systemd does not end a frozen service')
    await this.#acknowledges()
    const seconds = (performance.now() - startedMs) / 1000
    this.#expect(seconds <= 60, `a frozen service was back after ${seconds.toFixed(0)} s`)
  }

  async #acknowledges(): Promise<void> {
    const { acked } = this.#village.statistics()
    await until(() => this.#village.statistics().acked > acked, 'nothing is acknowledged')
  }

  async #byCentre(version: string, wanted: 'done' | 'went-back'): Promise<void> {
    const before = await this.#current()
    const folder = this.#versions.release(version, wanted === 'done' ? undefined : 'ends')
    const { centre } = this.#town
    centre.put(folder, `srv/${version}`)
    await centre.shell(
      `gengfu-centre centre update offer --config /etc/gengfu/centre.yaml --from /srv/${version} --version ${version} --by Li --waves '100%' --rest-hours 0 --term-hours 0.5`,
    )
    const outcome = async (): Promise<string | undefined> => {
      const { progress } = await this.#town.updates()
      return progress?.version === version ? progress.boxes[boxId]?.state : undefined
    }
    await until(async () => ![undefined, 'asked'].includes(await outcome()), `no outcome of ${version}`)
    this.#expect((await outcome()) === wanted, `${version} is ${await outcome()}, not ${wanted}`)
    const { progress } = await this.#town.updates()
    const state = wanted === 'done' ? 'finished' : 'stopped'
    await until(async () => (await this.#town.updates()).progress?.state === state, `it is not ${state}`)
    this.#expect(progress?.version === version, 'another release is under way')
    this.#expect((await this.#current()) === (wanted === 'done' ? version : before), `${version} runs`)
    await this.#acknowledges()
  }

  async #install(version: string, spoilt?: 'no-console'): Promise<void> {
    const { box } = this.#town
    box.put(this.#versions.release(version, spoilt), `srv/${version}`)
    await this.#box(
      `gengfu update install --config /etc/gengfu/gateway.yaml --from /srv/${version} --version ${version} --unit gengfu-gateway`,
    )
  }

  async #badByHand(): Promise<void> {
    const before = await this.#current()
    await this.#install('0.3.1', 'no-console')
    this.#expect((await this.#current()) === '0.3.1', 'the broken version was not staged')
    await until(async () => (await this.#current()) === before, '0.3.1 does not go back')
    this.#expect(/went-back=0\.3\.1 .*console/.test(await this.#status()), 'it does not say why it went back')
    await this.#acknowledges()
  }

  async #goodByHand(): Promise<void> {
    const before = await this.#current()
    await this.#install('0.4.0')
    const proven = (): Promise<string> => this.#town.box.tries('cat', '/var/lib/gengfu/release/proven')
    await until(async () => (await proven()).startsWith('0.4.0'), '0.4.0 is not proven')
    // A version without a link survives starts that follow each other.
    for (let starts = 0; starts < 4; starts++) {
      await this.#box('systemctl restart gengfu-gateway')
      await this.#acknowledges()
    }
    const status = await this.#status()
    this.#expect((await this.#current()) === '0.4.0', '0.4.0 went back although only the link was missing')
    this.#expect(status.includes(`trial.previous=${before}`), `no trial: ${status}`)
    this.#expect(status.includes(`kept=${before}`), 'the version before is gone')
  }

  async #confirmed(version: string): Promise<void> {
    const said = (): Promise<string> => this.#town.box.tries('cat', '/var/lib/gengfu/release/confirmed')
    await until(async () => (await said()).startsWith(version), `${version} is not confirmed`)
    await this.#box('systemctl restart gengfu-gateway')
    this.#expect(!(await this.#status()).includes('trial.'), 'the trial goes on')
    this.#expect((await this.#current()) === version, `${await this.#current()} runs, not ${version}`)
  }

  /** Every process of the box ends at once, at a random moment of an update by hand. */
  async #powerCut(cut: number): Promise<void> {
    const { box } = this.#town
    const version = `0.4.${cut}`
    box.put(this.#versions.release(version), `srv/${version}`)
    const update = this.#box(
      `gengfu update install --config /etc/gengfu/gateway.yaml --from /srv/${version} --version ${version} --unit gengfu-gateway`,
    ).catch(() => undefined)
    await sleep(createSeededRandom(this.#plan.seed + cut).between(0, 12_000))
    await box.cutPower()
    await update
    await box.boot()
    await this.#town.lay()
    await this.#acknowledges()
    this.#plan.say(`  ${await this.#current()} runs`)
    await until(async () => (await this.#check()).includes('✓ linked to the centre'), 'no link')
    await until(async () => !(await this.#status()).includes('starts=0'), 'a trial that never starts')
  }

  async #byDpkg(version: string): Promise<void> {
    this.#town.box.put(this.#versions.debianPackage('gengfu', version), 'srv/newer.deb')
    await this.#box('dpkg -i /srv/newer.deb')
    await this.#confirmed(version)
    await this.#acknowledges()
  }

  async #drained(): Promise<void> {
    const isSent = async (): Promise<boolean> => {
      const text = await this.#town.box.tries('curl', '-sf', 'http://127.0.0.1:8080/api/v1/health')
      if (text === '') return false
      const { lanes } = JSON.parse(text) as { lanes: Record<string, { last: number; receipted: number }> }
      return Object.values(lanes).every(({ last, receipted }) => last === receipted)
    }
    await until(async () => this.#village.statistics().waiting === 0 && (await isSent()), 'records wait')
  }

  async #remove(): Promise<void> {
    const { box } = this.#town
    const isThere = async (path: string): Promise<boolean> => (await box.tries('ls', '-d', path)) !== ''
    const inode = (): Promise<string> => this.#box('stat -c %i /var/lib/gengfu/journal.db')
    const before = await inode()
    await this.#box('dpkg -r gengfu')
    this.#expect((await inode()) === before, 'removal took the journal')
    this.#expect(await isThere('/etc/gengfu/gateway.yaml'), 'removal took the configuration')
    this.#expect(!(await isThere('/opt/gengfu')), 'removal left the program')
    this.#expect((await box.tries('pgrep', '-u', 'gengfu')) === '', 'removal left a process')
    await this.#box('dpkg -i /srv/newer.deb')
    await until(async () => (await this.#check()).includes('✓ linked to the centre'), 'no link')
    this.#expect((await inode()) === before, 'the journal is another one after the removal')
    await this.#box('dpkg -P gengfu')
    for (const path of [
      '/opt/gengfu',
      '/var/lib/gengfu',
      '/etc/gengfu',
      '/etc/avahi/services/gengfu.service',
    ])
      this.#expect(!(await isThere(path)), `purge left ${path}`)
    this.#expect(!(await box.tries('systemctl', 'list-unit-files')).includes('gengfu'), 'purge left a unit')
  }
}

async function until(isSo: () => boolean | Promise<boolean>, words: string): Promise<void> {
  let last: unknown
  for (const endMs = performance.now() + waitMsMax; performance.now() < endMs;) {
    try {
      if (await isSo()) return
      last = undefined
    } catch (error) {
      // The program is restarting.
      last = error
    }
    await sleep(500)
  }
  throw new Error(words, { cause: last })
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
