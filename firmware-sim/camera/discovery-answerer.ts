// Answers WS-Discovery probes for a simulated camera, by multicast on one interface or asked directly.
import { createSocket, type Socket } from 'node:dgram'

const group = '239.255.255.250'
const wsPort = 3702

export interface DiscoveryAnswererOptions {
  /** The own address that listens for multicast, such as 127.0.0.1. */
  host: string
  deviceUrl: string
  endpoint: string
  name: string
  /** Sends this instead of a proper answer. */
  junk?: string
}

export class DiscoveryAnswerer {
  readonly #options: DiscoveryAnswererOptions
  #socket: Socket | undefined

  constructor(options: DiscoveryAnswererOptions) {
    this.#options = options
  }

  start(): Promise<void> {
    const socket = createSocket({ type: 'udp4', reuseAddr: true })
    this.#socket = socket
    socket.on('message', (bytes, from) => {
      // A socket gets the group's datagrams of all interfaces: a camera on loopback answers there only.
      if (this.#options.host.startsWith('127.') && !from.address.startsWith('127.')) return
      const probe = bytes.toString('utf8')
      if (!/Probe/.test(probe)) return
      const types = /Types[^>]*>([^<]*)</.exec(probe)?.[1]?.trim() ?? ''
      if (types !== '' && !/NetworkVideoTransmitter/.test(types)) return
      const relatesTo = /MessageID[^>]*>([^<]*)</.exec(probe)?.[1] ?? ''
      socket.send(this.#options.junk ?? this.#match(relatesTo), from.port, from.address)
    })
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(wsPort, () => {
        socket.addMembership(group, this.#options.host)
        resolve()
      })
    })
  }

  async stop(): Promise<void> {
    const socket = this.#socket
    this.#socket = undefined
    if (socket) await new Promise<void>((resolve) => socket.close(() => resolve()))
  }

  #match(relatesTo: string): string {
    const { deviceUrl, endpoint, name } = this.#options
    return (
      '<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" ' +
      'xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" ' +
      'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><SOAP-ENV:Header>' +
      `<wsa:RelatesTo>${relatesTo}</wsa:RelatesTo></SOAP-ENV:Header><SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch>` +
      `<wsa:EndpointReference><wsa:Address>urn:uuid:${endpoint}</wsa:Address></wsa:EndpointReference>` +
      '<d:Types>dn:NetworkVideoTransmitter</d:Types>' +
      `<d:Scopes>onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/name/${encodeURIComponent(name)} ` +
      'onvif://www.onvif.org/hardware/Simulated</d:Scopes>' +
      `<d:XAddrs>${deviceUrl}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches>` +
      '</SOAP-ENV:Body></SOAP-ENV:Envelope>'
    )
  }
}
