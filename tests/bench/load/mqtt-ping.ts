// The round trip of an MQTT link by PINGREQ: nothing is stored, nothing is decided.
import { connect } from 'node:net'
import { generate, parser as createParser } from 'mqtt-packet'

export interface MqttPing {
  /** Milliseconds from PINGREQ to PINGRESP. */
  roundTripMs(): Promise<number>
  close(): void
}

export async function openMqttPing(port: number, clientId: string): Promise<MqttPing> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const parser = createParser()
  let hear = (): void => undefined
  parser.on('packet', () => hear())
  socket.on('data', (bytes) => parser.parse(bytes))
  const answer = (): Promise<void> =>
    new Promise((resolve, reject) => {
      hear = resolve
      socket.once('error', reject)
    })
  const connected = answer()
  socket.write(
    generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId, keepalive: 0 }),
  )
  await connected
  return {
    async roundTripMs() {
      const answered = answer()
      const startMs = performance.now()
      socket.write(generate({ cmd: 'pingreq' }))
      await answered
      return performance.now() - startMs
    },
    close: () => void socket.destroy(),
  }
}
