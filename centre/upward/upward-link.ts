// The link to the next centre up: connects as a box does, sends heartbeats, and applies the answers as stages and instructions on cases.
import { readFileSync } from 'node:fs'
import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import type { Logger } from 'pino'
import { guardListener } from '../../platform/guard-listener.ts'
import type { Lane } from '../../protocols/domain/colour.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import {
  encodeJson,
  parseCentreCommand,
  parseReceipt,
  parseStageNotice,
} from '../../protocols/uplink/codec.ts'
import type { CentreCommandResult } from '../../protocols/uplink/command.ts'
import { heartbeatIntervalMs, type Heartbeat } from '../../protocols/uplink/heartbeat.ts'
import { downTopic, parseDownTopic, upTopic } from '../../protocols/uplink/topics.ts'
import type { Storage, StoredChange, UpwardAnswer, UpwardState } from '../storage/port.ts'
import type { DeskAlarm } from '../../protocols/desk/api.ts'
import { UpwardSession } from './upward-session.ts'

const tickMs = 1000
/** Between two attempts; a red record that waits does not wait longer. */
const retryMs = 3000
const retryUrgentMs = 1000
const connectMsMax = 15_000
const keepAliveSeconds = 30
const epochChars = 16

export interface UpwardLinkSettings {
  url: string
  /** This centre's id there, as a box has one. */
  id: string
  name?: string | undefined
  caFile?: string | undefined
  certFile?: string | undefined
  keyFile?: string | undefined
  passwordFile?: string | undefined
}

export interface UpwardLinkOptions {
  settings: UpwardLinkSettings
  state: UpwardState
  storage: Pick<
    Storage,
    'upwardState' | 'upwardRecords' | 'settleUpward' | 'renewUpward' | 'takeUpwardAnswer'
  >
  /** Boxes that are known and present: the next centre sees how this one is. */
  boxes: () => { known: number; present: number }
  onStep: (alarms: readonly DeskAlarm[], changes: readonly StoredChange[]) => void
  clock: Clock
  random: Random
  logger: Logger
}

export class UpwardLink {
  readonly #options: UpwardLinkOptions
  readonly #session: UpwardSession
  readonly #startedMs: number
  #client: MqttClient | undefined
  #cancels: (() => void)[] = []
  #cancelRetry = (): void => undefined
  #isStopped = false
  #isLooking = false
  #mustLook = false
  /** Answers are stored one after the other, in the order in which they came. */
  #answers: Promise<void> = Promise.resolve()

  constructor(options: UpwardLinkOptions) {
    const { storage, random, clock, logger } = options
    this.#options = options
    this.#startedMs = clock.monotonicMs()
    this.#session = new UpwardSession({
      state: options.state,
      read: (lane, after, limit) => storage.upwardRecords(lane, after, limit),
      settle: (lane, storedTo) => storage.settleUpward(lane, storedTo),
      renew: (reason) => {
        logger.warn({ reason }, 'the numbers towards the next centre begin anew')
        return storage.renewUpward(random.hex(epochChars / 2))
      },
      send: (lane, report) => this.#publish(lane, Buffer.from(report)),
      onDeaf: () => this.#client?.end(true),
      onFailed: (error) => logger.error({ err: error }, 'records for the next centre could not be read'),
      clock,
    })
  }

  positions(): ReturnType<UpwardSession['positions']> {
    return this.#session.positions()
  }

  start(): void {
    this.#every(tickMs, () => {
      this.look()
      this.#session.tick()
    })
    this.#every(heartbeatIntervalMs, () => this.#beat())
    this.#connect()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    for (const cancel of this.#cancels) cancel()
    this.#cancelRetry()
    this.#client?.end(true)
    await this.#answers
  }

  /** Something was stored: perhaps a record for the next centre. */
  look(): void {
    this.#mustLook = true
    if (!this.#isLooking && !this.#isStopped) void this.#look()
  }

  async #look(): Promise<void> {
    this.#isLooking = true
    try {
      while (this.#mustLook && !this.#isStopped) {
        this.#mustLook = false
        const state = await this.#options.storage.upwardState()
        if (state) this.#session.committed(state)
      }
    } catch (error) {
      this.#options.logger.error({ err: error }, 'what waits for the next centre could not be read')
    } finally {
      this.#isLooking = false
    }
  }

  #connect(): void {
    if (this.#isStopped) return
    const { settings, logger, clock } = this.#options
    let client: MqttClient
    try {
      client = connect(settings.url, clientOptions(settings))
    } catch (error) {
      logger.error({ err: error }, 'the link to the next centre could not be opened')
      this.#cancelRetry = clock.after(retryMs, () => this.#connect())
      return
    }
    this.#client = client
    let reason = 'closed'
    client.on('error', (error) => (reason = error.message))
    client.on('connect', () => void this.#opened(client))
    client.on(
      'message',
      guardListener(
        (topic: string, payload: Buffer) => this.#received(topic, payload),
        (error) => logger.error({ err: error }, 'a message of the next centre could not be taken'),
      ),
    )
    client.once('close', () => {
      // Its own attempts to connect again would send its waiting messages in an order of its own.
      client.end(true)
      this.#session.linkDown()
      if (this.#isStopped) return
      logger.warn({ reason }, 'no link to the next centre')
      this.#cancelRetry = clock.after(this.#isUrgent() ? retryUrgentMs : retryMs, () => this.#connect())
    })
  }

  async #opened(client: MqttClient): Promise<void> {
    const { settings, logger } = this.#options
    const topics = (['receipt', 'stage', 'command'] as const).map((channel) =>
      downTopic(settings.id, channel),
    )
    try {
      await client.subscribeAsync(topics, { qos: 1 })
    } catch (error) {
      logger.warn({ err: error }, 'the next centre refused a subscription')
      client.end(true)
      return
    }
    logger.info({ url: settings.url }, 'the link to the next centre is up')
    this.#beat()
    this.look()
    this.#session.linkUp()
  }

  #isUrgent(): boolean {
    const { red, orange } = this.#session.positions()
    return red.last > red.receipted || orange.last > orange.receipted
  }

  #received(topic: string, payload: Uint8Array): void {
    const channel = parseDownTopic(topic)?.channel
    if (channel === 'receipt') {
      const receipt = parseReceipt(payload)
      if (receipt.ok) this.#later(() => this.#session.receipt(receipt.value))
    } else if (channel === 'stage') {
      const notice = parseStageNotice(payload)
      if (notice.ok) this.#later(() => this.#heardStage(notice.value))
    } else if (channel === 'command') this.#later(() => this.#heardCommand(payload))
  }

  #later(work: () => Promise<void>): void {
    const { logger } = this.#options
    this.#answers = this.#answers.then(work).catch((error: unknown) => {
      logger.error({ err: error }, 'what the next centre said could not be stored; it says it again')
    })
  }

  async #heardStage({
    alarm,
    stage,
    by = '',
  }: {
    alarm: string
    stage: string
    by?: string | undefined
  }): Promise<void> {
    if (stage !== 'seen' && stage !== 'accepted' && stage !== 'dispatched' && stage !== 'closed') return
    await this.#take({ case: alarm, stage, text: '', who: by })
  }

  async #heardCommand(payload: Uint8Array): Promise<void> {
    const parsed = parseCentreCommand(payload)
    if (!parsed.ok) return
    const { id, alarm, by, order } = parsed.value
    const text = order?.['text']
    const isInstruction = order?.do === 'instruct' && typeof text === 'string' && alarm !== undefined
    const isTaken =
      isInstruction && (await this.#take({ case: alarm, stage: 'instruction', text, who: by, command: id }))
    const result: CentreCommandResult = {
      v: 1,
      id,
      state: isTaken ? 'done' : 'refused',
      atMs: Math.round(this.#options.clock.wallMs()),
      clock: 'synced',
      ...(isTaken ? {} : { reason: notForCentre }),
    }
    this.#publish('result', encodeJson(result))
  }

  /** False when there is no such case, or it is over. */
  async #take(answer: UpwardAnswer): Promise<boolean> {
    const { storage, clock, onStep } = this.#options
    const outcome = await storage.takeUpwardAnswer(answer, clock.wallMs())
    if (outcome.type !== 'done') return false
    if (outcome.changes.length > 0) onStep(outcome.alarms, outcome.changes)
    return true
  }

  #publish(channel: Lane | 'heartbeat' | 'result', payload: Uint8Array): void {
    const client = this.#client
    if (!client?.connected) return
    const qos = channel === 'heartbeat' ? 0 : 1
    client.publish(
      upTopic(this.#options.settings.id, channel),
      Buffer.from(payload),
      { qos },
      () => undefined,
    )
  }

  #beat(): void {
    const { settings, clock, boxes } = this.#options
    const sinceBootMs = clock.monotonicMs() - this.#startedMs
    const heartbeat: Heartbeat = {
      v: 1,
      epoch: this.#session.epoch,
      ...(settings.name === undefined ? {} : { name: settings.name }),
      lanes: this.#session.positions(),
      boot: 1,
      sinceBootMs,
      atMs: clock.wallMs(),
      clock: 'synced',
      uptimeMs: sinceBootMs,
      devices: boxes(),
    }
    this.#publish('heartbeat', encodeJson(heartbeat))
  }

  #every(periodMs: number, run: () => void): void {
    const { clock } = this.#options
    const index = this.#cancels.length
    const next = (): void => {
      this.#cancels[index] = clock.after(periodMs, () => {
        next()
        run()
      })
    }
    next()
  }
}

const notForCentre = {
  code: 'not-for-a-centre',
  zh: '本中心只接受对案件的指示',
  en: 'this is a centre: it takes instructions on its cases only',
}

function clientOptions({ id, caFile, certFile, keyFile, passwordFile }: UpwardLinkSettings): IClientOptions {
  return {
    clientId: id,
    clean: true,
    protocolVersion: 4,
    keepalive: keepAliveSeconds,
    connectTimeout: connectMsMax,
    reconnectPeriod: 0,
    queueQoSZero: false,
    resubscribe: false,
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
    ...(passwordFile === undefined
      ? {}
      : { username: id, password: Buffer.from(readFileSync(passwordFile, 'utf8').trim()) }),
  }
}
