// One Modbus bus that the box polls, unit by unit. Two rounds in a row without any answer mean a dead bus: one alarm,
// which mutes the silence of its devices. A single unit that does not answer is silent like any other device.
import { setTimeout as wait } from 'node:timers/promises'
import modbusSerial from 'modbus-serial'
import type { Logger } from 'pino'
import type { ModbusRegister, ModbusSettings, ModbusUnit } from '../../config/bus-settings.ts'
import { topicOfUnit, wordsOf } from '../modbus/modbus.ts'
import type { DialectIntake } from './dialect-intake.ts'
import type { ResultStorage } from './result-storage.ts'

// A CommonJS class that is its own module; its types put it under `default`.
const Client = modbusSerial as unknown as typeof modbusSerial.default
type ModbusClient = InstanceType<typeof Client>

const connectTimeoutMs = 10_000
/** Rounds in a row without any answer before the bus counts as dead. */
const deadRounds = 2

type Words = readonly number[] | null

interface Reported {
  words: readonly Words[]
  atMs: number
}

export interface ModbusBusOptions {
  id: string
  settings: ModbusSettings
  dialects: DialectIntake
  keeper: ResultStorage
  steadyMs: () => number
  logger: Logger
}

/** The unit answered with an exception; the connection is sound. */
const isException = (error: unknown): boolean =>
  typeof (error as { modbusCode?: unknown } | null)?.modbusCode === 'number'

export class ModbusBus {
  readonly #options: ModbusBusOptions
  readonly #stopping = new AbortController()
  readonly #reported = new Map<number, Reported>()
  #client: ModbusClient | undefined
  #running: Promise<void> | undefined
  #silentRounds = 0
  #isAlive: boolean | undefined

  constructor(options: ModbusBusOptions) {
    this.#options = options
  }

  get isConnected(): boolean {
    return this.#isAlive === true
  }

  start(): void {
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#drop()
    await this.#running
  }

  async #run(): Promise<void> {
    const { steadyMs, settings, logger, id } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const startedMs = steadyMs()
      try {
        await this.#round()
      } catch (error) {
        logger.warn({ bus: id, reason: (error as Error).message }, 'a round of the bus failed')
      }
      const leftMs = Math.max(50, settings.pollS * 1000 - (steadyMs() - startedMs))
      await wait(leftMs, undefined, { signal }).catch(() => undefined)
    }
  }

  async #round(): Promise<void> {
    let answered = 0
    let reason = 'no unit answers'
    for (const unit of this.#options.settings.units) {
      if (this.#stopping.signal.aborted) return
      try {
        const words = await this.#read(unit)
        answered++
        await this.#report(unit, words)
      } catch (error) {
        reason = (error as Error).message
        if (!this.#client) break
        // A late answer must not be taken for the next one: RTU frames carry no number.
        this.#drop()
      }
    }
    if (this.#stopping.signal.aborted) return
    this.#silentRounds = answered > 0 ? 0 : this.#silentRounds + 1
    if (answered > 0) await this.#note(true)
    else if (this.#silentRounds >= deadRounds) await this.#note(false, reason)
  }

  async #note(isAlive: boolean, reason?: string): Promise<void> {
    if (this.#isAlive === isAlive) return
    const { keeper, id, logger } = this.#options
    await keeper.keepPresence(id, isAlive)
    this.#isAlive = isAlive
    if (isAlive) logger.info({ bus: id }, 'the bus answers')
    else logger.warn({ bus: id, reason }, 'the bus is dead')
  }

  async #open(): Promise<ModbusClient> {
    if (this.#client?.isOpen) return this.#client
    this.#drop()
    const { host = '', port, framing, serial, baudRate, parity, timeoutMs } = this.#options.settings
    const client = new Client()
    client.on('error', () => this.#drop(client))
    const opening =
      serial !== undefined
        ? client.connectRTUBuffered(serial, { baudRate, parity })
        : framing === 'tcp'
          ? client.connectTCP(host, { port })
          : // Its port for plain bytes: the one named TcpRTUBuffered sends Modbus TCP.
            client.connectTelnet(host, { port })
    try {
      await this.#within(opening, connectTimeoutMs, 'no connection')
    } catch (error) {
      client.destroy(() => undefined)
      throw error
    }
    client.setTimeout(timeoutMs)
    this.#client = client
    return client
  }

  /** Also when the library forgets a request whose connection has ended. */
  async #within<T>(work: Promise<T>, timeMs: number, problem: string): Promise<T> {
    const over = new AbortController()
    const signal = AbortSignal.any([over.signal, this.#stopping.signal])
    work.catch(() => undefined)
    try {
      return await Promise.race([
        work,
        wait(timeMs, undefined, { signal }).then(() => {
          throw new Error(problem)
        }),
      ])
    } finally {
      over.abort()
    }
  }

  #drop(client = this.#client): void {
    if (client === this.#client) this.#client = undefined
    client?.destroy(() => undefined)
  }

  async #read({ unit, registers }: ModbusUnit): Promise<Words[]> {
    const client = await this.#open()
    client.setID(unit)
    const { timeoutMs } = this.#options.settings
    const all: Words[] = []
    for (const register of registers)
      try {
        all.push(
          await this.#within(readRegister(client, register), timeoutMs + 1000, 'the connection has ended'),
        )
      } catch (error) {
        if (!isException(error)) throw error
        all.push(null)
      }
    return all
  }

  /** An unchanged value is stored only from time to time: a bus may be polled each second. */
  async #report({ unit }: ModbusUnit, words: readonly Words[]): Promise<void> {
    const { steadyMs, settings, dialects, id } = this.#options
    const before = this.#reported.get(unit)
    const nowMs = steadyMs()
    const isSame = before !== undefined && JSON.stringify(before.words) === JSON.stringify(words)
    if (isSame && nowMs - before.atMs < settings.reportS * 1000) return
    const payload = Buffer.from(JSON.stringify({ words }))
    const isKept = await new Promise<boolean>((resolve) => {
      dialects.take(
        id,
        { topic: topicOfUnit(unit), payload, isRetained: false },
        { kept: () => resolve(true), refused: () => resolve(false) },
      )
    })
    // A value that could not be stored counts as not read: the next round reads it again, a press too.
    if (isKept) this.#reported.set(unit, { words: words.slice(), atMs: nowMs })
  }
}

async function readRegister(client: ModbusClient, register: ModbusRegister): Promise<number[]> {
  const { from, at } = register
  const count = wordsOf(register)
  if (from === 'coil') return bitsOf(await client.readCoils(at, count), count)
  if (from === 'discrete') return bitsOf(await client.readDiscreteInputs(at, count), count)
  const read =
    from === 'input'
      ? await client.readInputRegisters(at, count)
      : await client.readHoldingRegisters(at, count)
  return read.data
}

const bitsOf = ({ data }: { data: boolean[] }, count: number): number[] =>
  data.slice(0, count).map((bit) => (bit ? 1 : 0))
