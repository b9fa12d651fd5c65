// One event over a socket of the box's own, as a device sends it: CONNECT, PUBLISH at QoS 1, PUBACK.
import { connect } from 'node:net'
import { generate, parser, type Packet } from 'mqtt-packet'
import { deviceTopic } from '../../../protocols/device-mqtt/topics.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { OwnEvent } from '../port.ts'

export interface PublishOnceOptions extends OwnEvent {
  port: number
  clock: Clock
}

/** Resolves with the PUBACK; rejects with a refusal, a closed connection or the end of the time. */
export function publishOnce(options: PublishOnceOptions): Promise<void> {
  const { port, device, payload, timeoutMs, clock } = options
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port })
    const end = (error?: Error): void => {
      cancel()
      socket.destroy()
      if (error) reject(error)
      else resolve()
    }
    const cancel = clock.after(timeoutMs, () => end(new Error(`no PUBACK within ${timeoutMs / 1000} s`)))
    const parsing = parser()
    parsing.on('packet', (packet: Packet) => {
      if (packet.cmd === 'puback') return end()
      if (packet.cmd !== 'connack') return undefined
      if (packet.returnCode !== 0)
        return end(new Error(`the broker refused it: CONNACK ${packet.returnCode}`))
      const publish = {
        cmd: 'publish',
        topic: deviceTopic(device, 'event'),
        payload,
        qos: 1,
        messageId: 1,
      } as const
      return socket.write(generate({ ...publish, dup: false, retain: false }))
    })
    parsing.on('error', end)
    socket.on('data', (bytes) => parsing.parse(bytes))
    socket.on('error', end)
    socket.on('close', () => end(new Error('the broker closed the connection')))
    socket.write(
      generate({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clientId: device,
        clean: true,
        keepalive: 60,
      }),
    )
  })
}
