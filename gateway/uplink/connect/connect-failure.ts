// The reason for a missing connection as text that is never empty: some of Node's errors have no message.

/** The centre could not be reached, or its certificate is not trusted. */
export class ConnectFailure extends Error {
  override readonly name = 'ConnectFailure'
}

/** The message of an error, or its code, or the messages of its parts: an AggregateError has no message. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === 'string' && error !== '' ? error : 'an unknown error'
  if (error instanceof AggregateError && error.errors.length > 0) {
    const parts = new Set(error.errors.map((part: unknown) => reasonOf(part)))
    return [...parts].join('; ')
  }
  if (error.message.trim() !== '') return error.message
  const { code } = error as { code?: unknown }
  if (typeof code === 'string') return code
  return error.cause === undefined ? error.name : reasonOf(error.cause)
}

/** A black hole: small packets arrive, so TCP opens, but larger packets are lost. */
export const vanishedPackets =
  'TCP connects but the TLS handshake gets no answer: packets above some size probably vanish on the way (MTU). ' +
  'Set net.ipv4.tcp_mtu_probing=1 on both sides, or a smaller MTU (1280) on the interface'
/**
 * With TLS 1.3 the handshake ends for the box before the centre has the box's certificate: if that packet is lost,
 * MQTT gets no answer.
 */
export const noConnack =
  'the connection opens and the centre does not answer the MQTT CONNECT: packets above some size probably vanish on the way ' +
  '(MTU), such as the certificate of the box. Set net.ipv4.tcp_mtu_probing=1 on both sides, or a smaller MTU (1280) on the interface'
export const vanishedReports =
  'the centre answers small messages and no Report: packets above some size probably vanish on the way (MTU), ' +
  'or the centre can not store. Set net.ipv4.tcp_mtu_probing=1 on both sides, or a smaller MTU (1280) on the interface'
