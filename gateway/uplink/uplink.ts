// The life cycle of the uplink: connects, hands the connection to the session, sends heartbeats, and reconnects.
import { every } from '../../platform/time/every.ts'
import { readFile } from 'node:fs/promises'
import { lanes, type Lane } from '../../protocols/domain/colour.ts'
import { describeProblems } from '../../protocols/kit/result.ts'
import {
  encodeJson,
  parsePictureReceipt,
  parseReceipt,
  parseStageNotice,
} from '../../protocols/uplink/codec.ts'
import type { Heartbeat } from '../../protocols/uplink/heartbeat.ts'
import type { DownChannel } from '../../protocols/uplink/topics.ts'
import type { CentreTime } from '../clock/port.ts'
import type { StoredRecord } from '../journal/port.ts'
import type { Link } from './link.ts'
import { reasonOf, vanishedReports } from './connect/connect-failure.ts'
import { CentreAddresses } from './connect/centre-addresses.ts'
import { openStream, shownName } from './connect/open-stream.ts'
import { packReport } from './queues/pack.ts'
import { UnstoredCalls } from './queues/unstored-calls.ts'
import { pictureCalls } from './picture-calls.ts'
import { proofCalls } from './proof-calls.ts'
import type { UplinkState, Uplink, UplinkFacts, UplinkOptions } from './port.ts'
import { retryGapMs, RetrySchedule } from './connect/retry-schedule.ts'
import { type ReadDone, type ReadLimits, SendOrder } from './send-order.ts'
import type { SessionEvents } from './session-events.ts'
import { isLinkMoving } from './moving-link.ts'
import { Supervision, supervisionWords } from './supervision.ts'
import { createUplinkMetrics, type UplinkMetrics } from './uplink-metrics.ts'
import { guardListener } from '../../platform/guard-listener.ts'

const tickMs = 1000

export function createUplink(options: UplinkOptions): Uplink {
  return new UplinkLoop(options)
}

class UplinkLoop implements Uplink {
  readonly #options: UplinkOptions
  readonly #retry: RetrySchedule
  readonly #addresses: CentreAddresses
  readonly #supervision: Supervision
  readonly #metrics: UplinkMetrics
  readonly #session: SendOrder
  readonly #unstored: UnstoredCalls
  #state: UplinkState = 'down'
  #centreTime: (centre: CentreTime) => void = () => undefined
  #command: (payload: Uint8Array) => void = () => undefined
  #stateSinceMs: number
  #reason: string | undefined
  #undos: (() => void)[] = []
  #isStarted = false
  #tickedMs: number
  #attemptAtMs = Number.NEGATIVE_INFINITY
  #giveUp: AbortController | undefined
  #cancelRetry: (() => void) | undefined
  #endConnection: ((isPolite: boolean) => void) | undefined
  #link: Link | undefined

  constructor(options: UplinkOptions) {
    const { outbox, clock, settings } = options
    this.#options = options
    this.#retry = new RetrySchedule(options.random, settings.retrySecondsMax * 1000)
    this.#addresses = new CentreAddresses(settings, options.random)
    this.#supervision = new Supervision(outbox, clock)
    this.#metrics = createUplinkMetrics(options.metrics, () => this.facts())
    this.#stateSinceMs = clock.monotonicMs()
    this.#tickedMs = this.#stateSinceMs
    this.#unstored = new UnstoredCalls(clock)
    this.#session = new SendOrder({
      epoch: outbox.epoch,
      positions: outbox.positions(),
      read: (lane, after, limits, done) => void this.#read(lane, after, limits, done),
      settle: (lane, storedTo) => outbox.settle(lane, storedTo),
      stepBack: (lane, storedTo) => outbox.stepBack(lane, storedTo),
      pack: packReport,
      clock,
      events: this.#sessionEvents(),
      againAfterMsMin: settings.resendSeconds * 1000,
      deafAfterMs: settings.deafSeconds * 1000,
      onDeaf: () => this.#leaveDeaf(),
      proof: proofCalls({ ...options, onRewound: () => this.#metrics.rewound.inc() }),
      pictures: options.pictures && pictureCalls(options.pictures, options.logger, this.#metrics),
    })
  }

  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    const { outbox, settings } = this.#options
    this.#undos = [
      outbox.onCommitted((records) => {
        this.#supervision.committed(records)
        this.#session.commit(records)
        if (records.some(({ lane }) => lane === 'red' || lane === 'orange')) this.#connectNow()
      }),
      every(this.#options.clock, Math.min(tickMs, settings.resendSeconds * 500), () => this.#tick()),
      every(this.#options.clock, settings.heartbeatSeconds * 1000, () => this.#sendHeartbeat()),
    ]
    this.#session.catchUp(outbox.positions())
    this.#metrics.state(this.#state)
    this.#connect()
  }

  async stop(): Promise<void> {
    if (!this.#isStarted) return
    this.#isStarted = false
    for (const undo of this.#undos.splice(0).toReversed()) undo()
    this.#session.stop()
    this.#cancelRetry?.()
    this.#giveUp?.abort(new Error('the uplink was stopped'))
    this.#endConnection?.(true)
    this.#endConnection = undefined
    this.#link = undefined
    this.#unstored.linkDown()
    this.#setState('down', 'stopped')
  }

  get isMoving(): boolean {
    const { clock, settings } = this.#options
    const times = { tickedMs: this.#tickedMs, sinceMs: this.#stateSinceMs, attemptAtMs: this.#attemptAtMs }
    return !this.#isStarted || isLinkMoving(this.#state, times, settings, clock.monotonicMs())
  }

  async facts(): Promise<UplinkFacts> {
    const laneFacts = await this.#supervision.lanes()
    const { dropped } = this.#supervision
    const { meter, pictures } = this.#session
    return {
      state: this.#state,
      stateForMs: this.#options.clock.monotonicMs() - this.#stateSinceMs,
      address: this.#addresses.current,
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
      lanes: laneFacts,
      bytesPerSecond: meter.bytesPerSecond,
      roundTripMs: meter.roundTripMs,
      dropped,
      pictures: { waiting: pictures?.size ?? 0, bytes: pictures?.waitingBytes ?? 0 },
      words: supervisionWords(
        laneFacts,
        this.#supervision.daysLeft(this.#options.health().diskFreeBytes),
        dropped,
      ),
    }
  }

  sendResult(payload: Uint8Array): boolean {
    this.#link?.send('result', payload)
    return this.#link !== undefined
  }

  sendUnstoredCall(...[at, alarm]: Parameters<Uplink['sendUnstoredCall']>): void {
    if (alarm.latchedColour !== 'red' && alarm.latchedColour !== 'orange') return
    if (this.#unstored.add(at, alarm)) this.#connectNow()
  }

  onCentreTime(listener: (centre: CentreTime) => void): void {
    this.#centreTime = listener
  }

  onCommand(listener: (payload: Uint8Array) => void): void {
    this.#command = listener
  }

  reopen(reason: string): void {
    if (this.#state !== 'up') return
    this.#endConnection?.(true)
    this.#closed(reason)
    this.#connectNow()
  }

  beat(): void {
    this.#sendHeartbeat()
  }

  addPicture(...[snapshot, isTried, sizes]: Parameters<Uplink['addPicture']>): void {
    this.#session.pictures?.add(snapshot, isTried, sizes)
  }

  #tick(): void {
    this.#tickedMs = this.#options.clock.monotonicMs()
    this.#session.tick()
  }

  async #read(lane: Lane, after: number, limits: ReadLimits, done: ReadDone): Promise<void> {
    let records: readonly StoredRecord[] | undefined
    try {
      records = await this.#options.outbox.read(lane, after, limits)
    } catch (error) {
      this.#options.logger.error({ lane, after, err: error }, 'the uplink could not read from the journal')
    }
    done(records)
  }

  #connect(): void {
    if (!this.#isStarted) return
    const { clock, settings, boxId } = this.#options
    const address = this.#addresses.current
    this.#attemptAtMs = clock.monotonicMs()
    this.#setState('connecting')
    const giveUp = new AbortController()
    this.#giveUp = giveUp
    const cancelTimeout = clock.after(settings.connectSeconds * 1000, () => {
      giveUp.abort(new Error(`no connection within ${settings.connectSeconds} s`))
    })
    const open = async (): Promise<void> => {
      // Loaded on first use: the MQTT package costs a tenth of a second, too much for the start.
      const { openConnection } = await import('./connect/connection.ts')
      const password = settings.passwordFile ? await readFile(settings.passwordFile, 'utf8') : undefined
      const certificateName = await shownName(settings.certFile)
      // No `await` between this and `openConnection`: an event of the stream in between would have no listener.
      const stream = await openStream(address, {
        settings,
        signal: giveUp.signal,
        clock,
        isUrgent: () => this.#session.isUrgentWaiting,
        isClockSet: () => this.#options.health().clock !== 'unsynced',
        onDateless: (validFrom) =>
          this.#options.logger.warn(
            { validFrom },
            'the clock was never set: the certificate was taken without its dates',
          ),
      })
      if (!this.#isStarted) return void stream.destroy()
      this.#endConnection = openConnection({
        boxId,
        stream,
        isSecure: address.startsWith('mqtts:') || address.startsWith('wss:'),
        password: password === undefined ? undefined : Buffer.from(password.trim()),
        certificateName,
        keepAliveSeconds: settings.keepAliveSeconds,
        connectSeconds: settings.connectSeconds,
        onOpen: (link) => this.#opened(link, address),
        onMessage: guardListener(
          (channel, payload) => this.#received(channel, payload),
          (error, channel) => this.#unreadable(error, channel),
        ),
        onPicturesWanted: () => this.#session.picturesWanted(),
        onClosed: (reason) => this.#closed(reason),
      })
    }
    open()
      .catch((error: unknown) => {
        if (this.#isStarted) this.#closed(reasonOf(error))
      })
      .finally(cancelTimeout)
  }

  #opened(link: Link, address: string): void {
    this.#link = link
    this.#metrics.connected()
    this.#options.logger.info({ address }, 'the link to the centre is up')
    this.#setState('up')
    this.#unstored.linkUp(link)
    this.#session.linkUp(link)
    this.#sendHeartbeat()
  }

  #closed(reason: string): void {
    const wasUp = this.#link !== undefined
    this.#endConnection = undefined
    this.#link = undefined
    this.#unstored.linkDown()
    this.#session.linkDown()
    if (!this.#isStarted) return
    if (this.#state !== 'deaf') this.#metrics.closed(wasUp ? 'closed' : 'failed')
    this.#addresses.ended(wasUp && this.#retry.failures === 0)
    const delayMs = this.#retry.nextDelayMs(this.#session.isUrgentWaiting || this.#unstored.isWaiting)
    const { logger, clock } = this.#options
    if (wasUp || this.#reason !== reason) logger.warn({ reason, delayMs }, 'no link to the centre')
    this.#setState('down', reason)
    this.#cancelRetry = clock.after(delayMs, () => this.#connect())
  }

  /** The centre accepts Reports and answers none: another connection may reach a better instance. */
  #leaveDeaf(): void {
    // Not even a PUBACK came: the Reports do not arrive.
    const isLost = (this.#link?.unansweredMessages?.() ?? 0) > 0
    const reason = isLost ? vanishedReports : 'the centre answers no Report with a Receipt'
    this.#metrics.closed('deaf')
    this.#setState('deaf', reason)
    this.#endConnection?.(false)
    this.#closed(reason)
  }

  /** A red or orange record ends the pause at once. */
  #connectNow(): void {
    if (this.#state !== 'down' || !this.#isStarted) return
    const sinceMs = this.#options.clock.monotonicMs() - this.#attemptAtMs
    this.#cancelRetry?.()
    this.#cancelRetry = this.#options.clock.after(Math.max(0, retryGapMs - sinceMs), () => this.#connect())
  }

  /** If handling a message throws, the message is refused; the link and the alarms continue. */
  #unreadable(error: unknown, channel: DownChannel): void {
    this.#metrics.events.receiptRefused('unreadable', channel === 'picture' ? 'picture' : undefined)
    this.#options.logger.error({ err: error, channel }, 'a message of the centre could not be taken')
  }

  #received(channel: DownChannel, payload: Uint8Array): void {
    const { logger, onStage } = this.#options
    if (channel === 'command') return this.#command(payload)
    if (channel === 'stage') {
      const notice = parseStageNotice(payload)
      if (notice.ok) return onStage(notice.value)
      const problems = describeProblems(notice.problems)
      return logger.warn({ problems }, 'the centre sent an unreadable stage')
    }
    if (channel === 'picture') {
      const receipt = parsePictureReceipt(payload)
      if (receipt.ok) return this.#session.pictureReceipt(receipt.value)
      return this.#metrics.events.receiptRefused('unreadable', 'picture')
    }
    const receipt = parseReceipt(payload)
    if (!receipt.ok) {
      this.#metrics.events.receiptRefused('unreadable')
      const problems = describeProblems(receipt.problems)
      return logger.warn({ problems }, 'the centre sent an unreadable Receipt')
    }
    const { value } = receipt
    if (value.epoch === this.#options.outbox.epoch) this.#retry.succeed()
    this.#centreTime({ wallMs: value.centreTimeMs, isKept: value.isClockKept })
    if (value.audit) this.#options.onAuditHead?.(value.audit)
    this.#session.receipt(value)
  }

  #sendHeartbeat(): void {
    if (!this.#link) return
    const { outbox, clock, boxName, health } = this.#options
    const positions = outbox.positions()
    const heartbeat: Heartbeat = {
      v: 1,
      epoch: outbox.epoch,
      ...(boxName === undefined ? {} : { name: boxName }),
      lanes: Object.fromEntries(lanes.map((lane) => [lane, positions[lane]])),
      atMs: clock.wallMs(),
      ...health(true),
    }
    this.#link.send('heartbeat', encodeJson(heartbeat))
  }

  #sessionEvents(): SessionEvents {
    const { events } = this.#metrics
    return {
      ...events,
      receiptRefused: (reason, lane) => {
        events.receiptRefused(reason, lane)
        this.#options.logger.warn({ reason, lane }, 'a Receipt was refused')
      },
      steppedBack: (lane, records) => {
        events.steppedBack(lane, records)
        this.#options.logger.warn(
          { lane, records },
          'the centre has lost receipted records: they are sent again',
        )
      },
      skipped: (lane, skipped) => {
        events.skipped(lane, skipped)
        this.#supervision.drop(skipped.to - skipped.from + 1)
        this.#options.logger.warn({ lane, ...skipped }, 'records were gone before the centre had them')
      },
    }
  }

  #setState(state: UplinkState, reason?: string): void {
    if (reason !== undefined) this.#reason = reason
    else if (state === 'up') this.#reason = undefined
    if (state === this.#state) return
    this.#state = state
    this.#stateSinceMs = this.#options.clock.monotonicMs()
    this.#metrics.state(state)
    this.#options.onLink(state, reason)
  }
}
