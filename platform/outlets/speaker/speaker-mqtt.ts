// Loudspeakers and signs at an MQTT broker: one connection per attempt, so that a broker that hangs holds nothing.
import { readFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectSecure } from 'node:tls'
import { MqttClient } from 'mqtt'
import { FrameSieve } from '../../mqtt/frame-sieve.ts'
import { answerBytesMax } from '../answer-bytes.ts'
import type { OutletMessage } from '../message.ts'
import type { Outlet, OutletAnswer } from '../port.ts'
import type { SpeakerMqttSettings } from '../settings/speaker-settings.ts'
import { fillTemplate, hideTemplate } from '../template.ts'
import { speakerPlaces, speakerValues } from './speaker-text.ts'
import type { Clock } from '../../../protocols/kit/clock-port.ts'

function openStream({ url, caFile }: SpeakerMqttSettings): Duplex {
  const { protocol, hostname, port } = new URL(url)
  const isSecure = protocol === 'mqtts:'
  const host = hostname.replace(/^\[|\]$/g, '')
  const number = Number.parseInt(port === '' ? (isSecure ? '8883' : '1883') : port, 10)
  if (!isSecure) return connectPlain({ host, port: number })
  const ca = caFile === undefined ? {} : { ca: readFileSync(caFile) }
  return connectSecure({ host, port: number, servername: host, ...ca })
}

/** An answer that is no MQTT, or longer than an answer may be, ends the connection. */
function guard(stream: Duplex): void {
  const sieve = new FrameSieve({ messageBytesMax: answerBytesMax })
  stream.on('data', (part: Buffer) => {
    const problem = stream.destroyed ? [] : sieve.take(part)
    if (typeof problem === 'string') stream.destroy(new Error(`the broker sent ${problem}`))
  })
}

export interface SpeakerMqttOptions {
  settings: SpeakerMqttSettings
  clock: Clock
}

export function createSpeakerMqttOutlet({ settings, clock }: SpeakerMqttOptions): Outlet {
  const { topic, language } = settings
  const payloadOf = (message: OutletMessage): string =>
    fillTemplate(settings, speakerValues(message, language))
  return {
    preview: (messages) =>
      messages
        .map((message) => {
          const body = hideTemplate(settings, speakerPlaces)
          return `PUBLISH ${topic} QoS 1\n\n${fillTemplate({ ...settings, body }, speakerValues(message, language))}`
        })
        .join('\n'),
    send: async ([message], signal) => {
      if (!message) return { state: 'refused', words: 'no message', isFinal: true }
      return publishOnce(settings, message.id, payloadOf(message), clock, signal)
    },
  }
}

function publishOnce(
  settings: SpeakerMqttSettings,
  id: string,
  payload: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<OutletAnswer> {
  const { topic, receiptTopic, receiptSeconds, user, passwordFile, timeoutSeconds } = settings
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error('ended before it began'))
    const stream = openStream(settings)
    guard(stream)
    const password = passwordFile === undefined ? {} : { password: readFileSync(passwordFile, 'utf8').trim() }
    const client = new MqttClient(() => stream, {
      protocolVersion: 4,
      clean: true,
      reconnectPeriod: 0,
      resubscribe: false,
      connectTimeout: timeoutSeconds * 1000,
      timerVariant: 'native',
      ...(user === undefined ? {} : { username: user, ...password }),
    })
    let cancel: () => void = () => undefined
    const over = (): void => {
      cancel()
      signal.removeEventListener('abort', stop)
      client.end(true)
      stream.destroy()
    }
    const done = (answer: OutletAnswer): void => {
      over()
      resolve(answer)
    }
    const fail = (error: Error): void => {
      over()
      reject(error)
    }
    const stop = (): void => fail(new Error('ended'))
    signal.addEventListener('abort', stop, { once: true })
    client.on('error', fail)
    client.on('close', () => fail(stream.errored ?? new Error('the connection was closed')))
    client.on('message', (_topic, bytes) => {
      if (bytes.includes(id)) done({ state: 'confirmed', words: bytes.toString('utf8') })
    })
    const publish = (): void => {
      client.publish(topic, payload, { qos: 1 }, (error) => {
        if (error) return fail(error)
        if (receiptTopic === undefined) return done({ state: 'handed-over', words: 'PUBACK' })
        const words = `PUBACK, no receipt within ${receiptSeconds} s`
        cancel = clock.after(receiptSeconds * 1000, () => done({ state: 'handed-over', words }))
      })
    }
    client.on('connect', () => {
      if (receiptTopic === undefined) return publish()
      client.subscribe(receiptTopic, { qos: 1 }, (error) => (error ? fail(error) : publish()))
    })
  })
}
