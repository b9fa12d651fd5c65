// All cameras of the box: they get alarms after the commit, take, store and hand on pictures, and no alarm waits for
// them.
import { forgetOldest } from '../../platform/forget-oldest.ts'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Alarm, AlarmChange, Stage } from '../../protocols/domain/alarm.ts'
import type { Colour } from '../../protocols/domain/colour.ts'
import type { BoxTime } from '../../protocols/domain/event.ts'
import type { PictureSize } from '../../protocols/domain/snapshot.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import type { CameraSettings, PictureSettings } from '../config/camera-settings.ts'
import { CameraAnnouncer } from './camera-announcer.ts'
import { createCameraMetrics } from './camera-metrics.ts'
import { CameraProblem, reasonOf, toProblem } from './talk/camera-problem.ts'
import { CameraProcess } from './process/camera-process.ts'
import type { RemoteCamera } from './process/remote-camera.ts'
import { CameraUnit, type ProcessedPicture, type Wanted } from './camera-unit.ts'
import { CertificatePins } from './secrets/certificate-pins.ts'
import {
  openCredentialStore,
  type CameraCredentials,
  type CredentialStore,
} from './secrets/credential-store.ts'
import { DigestMarks } from './secrets/digest-marks.ts'
import { LookLog } from './pictures/look-log.ts'
import { PictureStore, unreachedOf } from './pictures/picture-store.ts'
import type { CameraHealth, CameraOutlets, Cameras, LookRequest, Moment, SnapshotSubject } from './port.ts'
import type { Snapshot, Taken } from './port.ts'
import { snapshotOf } from './pictures/snapshot-of.ts'
import { codeOf } from '../../platform/failure.ts'

/** Repeats of an alarm get new pictures at most this often. */
const repeatMs = 60_000
const laterMoments: [Moment, number][] = [
  ['after-2s', 2000],
  ['after-5s', 5000],
]
const sweepMs = 600_000
const writeReachedMs = 20_000
const alarmsKnownMax = 1000
/** Most bytes of a file per read for the uplink. */
const partBytesMax = 256 * 1024
const bytesPerMegabyte = 1024 * 1024
const dayMs = 86_400_000

export interface CamerasOptions {
  cameras: readonly CameraSettings[]
  pictures: PictureSettings
  dataDir: string
  clock: Clock
  random: Random
  log: Logger
  registry: Registry
  /** The box's own time, as used in records. */
  now: () => BoxTime
  outlets: CameraOutlets
  /** For tests and unusual systems. */
  ffmpegCommand?: string
}

export function createCameras(options: CamerasOptions): Cameras {
  return new AllCameras(options)
}

class AllCameras implements Cameras {
  readonly #options: CamerasOptions
  readonly #log: Logger
  readonly #units = new Map<string, CameraUnit>()
  readonly #process: CameraProcess
  /** One per camera. */
  readonly #remotes = new Map<string, RemoteCamera>()
  readonly #store: PictureStore
  readonly #looks: LookLog
  readonly #pins: CertificatePins
  readonly #digests: DigestMarks
  readonly #announcer: CameraAnnouncer
  readonly #cancels = new Set<() => void>()
  readonly #lastSeriesMs = new Map<string, number>()
  readonly #closed = new Set<string>()
  #credentials: CredentialStore | undefined
  #isStarted = false

  constructor(options: CamerasOptions) {
    const { clock, pictures, dataDir, registry, ffmpegCommand } = options
    this.#options = options
    this.#log = options.log
    this.#process = new CameraProcess({
      clock,
      log: this.#log,
      ffmpegCommand,
      onFailed: () => metrics.processFailures.inc(),
    })
    const quota = new Map(options.cameras.map((one) => [one.id, one.quotaMegabytes * bytesPerMegabyte]))
    const totalBytesMax = pictures.quotaMegabytes * bytesPerMegabyte
    this.#store = new PictureStore({
      folder: join(dataDir, 'pictures'),
      log: this.#log,
      totalBytesMax,
      cameraBytesMax: (camera) => quota.get(camera) ?? totalBytesMax,
      termMs: pictures.termDays * dayMs,
      onDeleted: (deleted) => this.#announcer.deleted(deleted),
    })
    this.#looks = new LookLog(join(dataDir, 'pictures'))
    this.#pins = new CertificatePins({
      file: join(dataDir, 'cameras', 'certificates.json'),
      log: this.#log,
      onPinned: (camera, fingerprint) => this.#announcer.pinned(camera, fingerprint),
    })
    this.#digests = new DigestMarks({ file: join(dataDir, 'cameras', 'digests.json'), log: this.#log })
    const metrics = createCameraMetrics(registry, {
      storeBytes: () => this.#store.totalBytes,
      offline: () => [...this.#units.values()].filter((unit) => unit.condition.isOffline).length,
      processes: () => this.#process.processes,
    })
    this.#announcer = new CameraAnnouncer({ outlets: options.outlets, metrics, log: this.#log })
  }

  async start(): Promise<void> {
    if (this.#isStarted) return
    this.#isStarted = true
    const { cameras, pictures, dataDir } = this.#options
    await this.#store.open()
    await this.#pins.load()
    await this.#digests.load(cameras.map(({ id }) => id))
    if (pictures.keyFile !== undefined) {
      const file = join(dataDir, 'cameras', 'credentials.json')
      const onDamaged = (keptAs: string): void =>
        this.#log.error({ keptAs }, 'passwords of cameras are damaged: set them anew on the console')
      this.#credentials = await openCredentialStore({
        file,
        keyFile: pictures.keyFile,
        dataDir,
        onDamaged,
      }).catch((error: unknown) => {
        // Alarms and water levels do not wait for the loading of camera passwords.
        if (!(error instanceof CameraProblem)) throw error
        this.#log.error({ err: error, file }, 'passwords of cameras can not be opened: cameras work without')
        return undefined
      })
    }
    if (cameras.length > 0) this.#process.start()
    for (const settings of cameras) await this.#open(settings)
    this.#every(sweepMs, async () => {
      const { clock, atMs } = this.#options.now()
      if (clock !== 'unsynced') await this.#store.sweep(atMs)
    })
    this.#every(writeReachedMs, () => this.#store.writeReached())
  }

  async stop(): Promise<void> {
    if (!this.#isStarted) return
    this.#isStarted = false
    for (const cancel of this.#cancels) cancel()
    this.#cancels.clear()
    // In parallel: a running attempt waits for its process, which may hang.
    await Promise.all([this.#process.stop(), ...[...this.#units.values()].map((unit) => unit.stop())])
    this.#units.clear()
    this.#remotes.clear()
    await this.#pins.settled()
    await this.#digests.settled()
    await this.#store.writeReached().catch((error: unknown) => this.#failedLater(error))
  }

  onAlarm(change: AlarmChange, alarm: Alarm): void {
    if (alarm.colour !== 'red' && alarm.colour !== 'orange') return
    if (change !== 'raised' && change !== 'escalated' && change !== 'repeated') return
    const { zone } = alarm
    if (zone === undefined) return
    const nowMs = this.#options.clock.monotonicMs()
    const lastMs = this.#lastSeriesMs.get(alarm.id)
    if (change === 'repeated' && lastMs !== undefined && nowMs - lastMs < repeatMs) return
    remember(this.#lastSeriesMs, alarm.id, nowMs)
    for (const unit of this.#units.values()) {
      if (unit.client.settings.zone.includes(zone)) this.#takeSeries(unit, alarm.id, alarm.colour, nowMs)
    }
  }

  pauseForAlarm(): void {
    this.#process.pauseForAlarm()
  }

  onStage(alarm: string, stage: Stage): void {
    const isHeld = stage !== 'closed'
    // Pictures of a closed alarm may still be in progress.
    if (isHeld) this.#closed.delete(alarm)
    else this.#closed.add(alarm)
    forgetOldest(this.#closed, alarmsKnownMax)
    this.#store.hold(alarm, isHeld).catch((error: unknown) => {
      this.#log.error({ err: error, alarm }, 'picture document could not be written')
    })
  }

  take(camera: string, askedBy: string, subject: SnapshotSubject = {}): Promise<Taken> {
    const unit = this.#units.get(camera)
    if (!unit) return Promise.resolve({ ok: false, reason: reasonOf('unknown-camera') })
    const wantedAtMs = this.#options.clock.monotonicMs()
    return new Promise((done) => unit.shoot({ ...subject, moment: 'on-demand', askedBy, wantedAtMs, done }))
  }

  health(): CameraHealth[] {
    return [...this.#units.values()].map((unit) => {
      const { settings, facts } = unit.client
      return {
        camera: settings.id,
        name: settings.name ?? settings.id,
        zone: settings.zone.join(', '),
        ...unit.condition,
        clockSkewMs: unit.clockSkewMs,
        maker: facts?.maker,
        model: facts?.model,
      }
    })
  }

  snapshots({
    camera,
    alarm,
    limit = 100,
  }: { camera?: string; alarm?: string; limit?: number } = {}): Snapshot[] {
    return this.#store
      .list()
      .filter(
        (one) =>
          (camera === undefined || one.camera === camera) && (alarm === undefined || one.alarm === alarm),
      )
      .slice(0, limit)
  }

  async look(request: LookRequest): Promise<Uint8Array | undefined> {
    const found = this.#store.get(request.snapshot)
    if (!found) return undefined
    await this.#looks.append({ atMs: this.#options.now().atMs, camera: found.camera, ...request })
    this.#announcer.looked(found.camera, request)
    return this.#store.read(found[request.size].sha256)
  }

  unreached(): { snapshot: Snapshot; sizes: PictureSize[] }[] {
    const all = this.#store.list().toReversed()
    return all
      .map((snapshot) => ({ snapshot, sizes: unreachedOf(snapshot) }))
      .filter(({ sizes }) => sizes.length > 0)
  }

  markReached(sha256: string): void {
    this.#store.markReached(sha256)
  }

  async verify(sha256: string): Promise<boolean> {
    return (await this.#store.read(sha256)) !== undefined
  }

  readFile(sha256: string, offset: number, length: number): Promise<Uint8Array | undefined> {
    return this.#store.readPart(sha256, Math.max(0, offset), Math.min(partBytesMax, Math.max(0, length)))
  }

  async erase(snapshot: string, askedBy: string): Promise<boolean> {
    const isErased = await this.#store.delete(snapshot, 'asked')
    if (isErased) this.#log.info({ snapshot, askedBy }, 'picture erased')
    return isErased
  }

  async setCredentials(camera: string, user: string, password: string, askedBy: string): Promise<void> {
    const settings = this.#options.cameras.find((one) => one.id === camera)
    if (!settings) throw new CameraProblem('unknown-camera')
    if (settings.passwordFile !== undefined) throw new CameraProblem('password-file')
    if (!this.#credentials) throw new CameraProblem('no-key')
    await this.#credentials.set(camera, { user, password })
    await this.#digests.forget(camera)
    this.#announcer.changed('camera-password-set', camera, askedBy)
    await this.#reopen(settings)
  }

  async forgetCertificate(camera: string, askedBy: string): Promise<void> {
    const settings = this.#options.cameras.find((one) => one.id === camera)
    if (!settings) throw new CameraProblem('unknown-camera')
    await this.#pins.forget(camera)
    await this.#digests.forget(camera)
    this.#announcer.changed('camera-certificate-forgotten', camera, askedBy)
    await this.#reopen(settings)
  }

  async #reopen(settings: CameraSettings): Promise<void> {
    await this.#units.get(settings.id)?.stop()
    this.#units.delete(settings.id)
    const remote = this.#remotes.get(settings.id)
    if (remote) this.#process.close(remote)
    await this.#open(settings)
  }

  async #open(settings: CameraSettings): Promise<void> {
    const { clock, random, now } = this.#options
    const credentials = await this.#credentialsOf(settings)
    // The user may be known only to the store; the health state must know that there is one.
    const camera = {
      settings: credentials ? { ...settings, user: credentials.user } : settings,
      credentials,
    }
    const known = { pin: this.#pins.for(settings.id), signIns: this.#digests.for(settings.id) }
    const client = this.#process.open(camera, known, (report) => this.#announcer.events(settings.id, report))
    this.#remotes.set(settings.id, client)
    const unit = new CameraUnit({
      client,
      clock,
      random,
      log: this.#log,
      now,
      onPicture: (one, wanted, processed) => this.#keep(one, wanted, processed),
      onFailed: (one, wanted, problem) => this.#announcer.failed(one.id, wanted, problem),
      onCondition: (one, before, after) => this.#announcer.condition(one.id, before, after),
    })
    this.#units.set(settings.id, unit)
    unit.start()
  }

  /**
   * The settings' own password file first, then the encrypted store. If reading fails, the camera has no account, and
   * its state shows the reason.
   */
  async #credentialsOf(settings: CameraSettings): Promise<CameraCredentials | undefined> {
    try {
      if (settings.passwordFile !== undefined) {
        const password = (await readFile(settings.passwordFile, 'utf8')).replace(/\r?\n$/, '')
        return { user: settings.user ?? '', password }
      }
      return this.#credentials?.get(settings.id)
    } catch (error) {
      const code = codeOf(error) || 'sealed'
      this.#log.error({ camera: settings.id, code }, 'camera password could not be read')
      return undefined
    }
  }

  #takeSeries(unit: CameraUnit, alarm: string, colour: Colour, wantedAtMs: number): void {
    unit.shootBefore({ moment: 'before', alarm, colour, wantedAtMs })
    unit.shoot({ moment: 'at-once', alarm, colour, wantedAtMs })
    for (const [moment, delayMs] of laterMoments) {
      const cancel = this.#options.clock.after(delayMs, () => {
        this.#cancels.delete(cancel)
        unit.shoot({ moment, alarm, colour, wantedAtMs: wantedAtMs + delayMs })
      })
      this.#cancels.add(cancel)
    }
  }

  /** One stored snapshot per request, all in one commit; the bytes are stored once. */
  async #keep(unit: CameraUnit, wanted: readonly Wanted[], processed: ProcessedPicture): Promise<void> {
    const { clock, random } = this.#options
    const kept = wanted.map((one) => ({
      one,
      snapshot: snapshotOf(random.hex(12), unit.client.settings, one, processed),
      isHeld: one.alarm !== undefined && !this.#closed.has(one.alarm),
    }))
    try {
      const stored = kept.map(({ snapshot, isHeld }) => ({ ...snapshot, isHeld }))
      await this.#store.put(stored, processed.finished.full, processed.finished.preview)
    } catch (error) {
      return this.#announcer.failed(unit.id, wanted, toProblem(error, 'disk-full'))
    }
    for (const { one, snapshot } of kept) {
      snapshot.readyMs = Math.round(clock.monotonicMs() - one.wantedAtMs)
      this.#announcer.taken(snapshot)
      one.done?.({ ok: true, snapshot })
    }
  }

  #failedLater(error: unknown): void {
    this.#log.error({ err: error }, 'stored pictures could not be looked after')
  }

  #every(intervalMs: number, run: () => Promise<void>): void {
    let cancel = (): void => {}
    const tick = (): void => {
      this.#cancels.delete(cancel)
      run().catch((error: unknown) => this.#failedLater(error))
      cancel = this.#options.clock.after(intervalMs, tick)
      this.#cancels.add(cancel)
    }
    tick()
  }
}

/** A map with a maximum size: the oldest entry is removed. */
function remember(map: Map<string, number>, key: string, value: number): void {
  map.delete(key)
  map.set(key, value)
  forgetOldest(map, alarmsKnownMax)
}
