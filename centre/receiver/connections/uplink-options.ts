// Options of the uplink's broker: its listeners, admitted boxes, and the receivers of their messages.
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { DownChannel, UpChannel } from '../../../protocols/uplink/topics.ts'
import type { Claim } from '../box-credentials.ts'
import type { AdmissionRefusal } from '../box-admission.ts'

export interface UplinkListenerSettings {
  host: string
  port: number
  tls?: { certFile: string; keyFile: string; caFile?: string | undefined } | undefined
}

export type TlsFiles = NonNullable<UplinkListenerSettings['tls']>

export interface UplinkBrokerOptions {
  listeners: readonly UplinkListenerSettings[]
  isAnonymousAllowed: boolean
  passwordFile?: string | undefined
  revokedFile?: string | undefined
  admittedFile?: string | undefined
  /** What the centre's own authority has revoked. */
  isRevoked?: ((marks: readonly string[]) => boolean) | undefined
  /** A box was refused, before or after it was admitted. */
  onShutOut: (box: string, reason: AdmissionRefusal, address: string) => void
  /** Before the box is admitted, where several centres share a database: this one takes it over. */
  claim?: ((box: string) => Promise<void>) | undefined
  /** The box has connected, or sent a permitted message. */
  onSpoke: (box: string, claim: Claim) => void
  clock: Clock
  logger: Logger
  registry: Registry
  onReport: (
    box: string,
    channel: UpChannel,
    topic: string,
    payload: Buffer,
    done: (error?: Error) => void,
  ) => void
  onHeartbeat: (box: string, payload: Buffer) => void
  /** The outcome of a command; acknowledged once it resolves. */
  onResult: (box: string, payload: Buffer) => Promise<void>
  /** A call that the box could not store; acknowledged once it resolves. */
  onUnstored: (box: string, payload: Buffer) => Promise<void>
  /** A part of a picture: its PUBACK concerns the transport only, the answer is a picture receipt. */
  onPicture: (box: string, payload: Buffer) => void
  onSubscribed: (box: string, channel: DownChannel) => void
}
