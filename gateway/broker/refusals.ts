// The reason for a refusal and the next step for a person; logged once per device and cause, counted always.
import type { Logger } from 'pino'
import type { Counter } from 'prom-client'
import { PacedLogs } from '../../platform/paced-log.ts'
import type { BilingualText } from '../../protocols/domain/alarm.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import { scalarText } from '../../protocols/kit/parse-json.ts'

const refusals = {
  'connection-limit': [
    'too many connections',
    'raise mqtt.limits.connections',
    '连接数已满，请调大 mqtt.limits.connections',
  ],
  'address-limit': [
    'too many connections from one address',
    'raise mqtt.limits.connectionsPerAddress or find the device that does not hang up',
    '同一地址连接过多，请检查不断重连的设备',
  ],
  'too-many-new': [
    'too many new connections in a short time: this one was closed at once',
    'find the program at this address that connects again and again without signing in; normal devices are admitted when they try again',
    '短时间内新连接过多，已立即关闭，请检查该地址上反复连接却不登录的设备',
  ],
  'made-room': [
    'too many connections that have not signed in: the oldest of the address with most of them was closed',
    'find the program that opens connections without signing in, or raise mqtt.limits.strangers',
    '未登录的连接过多，已关闭占用最多的地址中最早的一个，请检查该地址',
  ],
  'device-limit': [
    'one device has too many connections: the one that was silent longest was closed',
    'give each device its own id and password, or raise mqtt.limits.connectionsPerDevice',
    '同一设备的连接过多，已关闭其中静默最久的一个，请为每台设备分配各自的编号与密码',
  ],
  'share-full': [
    'too many messages of one device wait for their turn',
    'find out why the device sends alarms or unreadable messages without end; it must wait for its answers',
    '同一设备等待处理的消息过多，请检查它为何不断发送报警或无法识别的消息',
  ],
  'not-connect': [
    'the first bytes are not an MQTT CONNECT',
    'check that the device uses MQTT on this port, and TLS only where the listener has TLS',
    '首个报文不是 CONNECT，请检查端口与 TLS 设置',
  ],
  malformed: [
    'the bytes are not MQTT 3.1.1',
    'change the firmware of the device: "detail" and "clause" name the fault',
    '报文不符合 MQTT 3.1.1，请按 detail 与 clause 所述修改设备固件',
  ],
  'unknown-version': ['an unknown MQTT version', 'set the device to MQTT 3.1.1', '请把设备设为 MQTT 3.1.1'],
  'mqtt-5': [
    'the device uses MQTT 5',
    'set it to MQTT 3.1.1 (protocol level 4): -V mqttv311, MQTTv311, protocolVersion: 4',
    '设备使用 MQTT 5，请设为 MQTT 3.1.1（协议级别 4）',
  ],
  'connect-late': [
    'no complete CONNECT arrived in time',
    'send CONNECT at once after the connection is made (mqtt.limits.connectTimeoutMs)',
    '未在时限内收到完整的 CONNECT，请在连接后立即发送',
  ],
  'qos2-limit': [
    'too many QoS 2 messages without PUBREL',
    'answer each PUBREC with PUBREL, or use QoS 1',
    'QoS 2 报文未完成过多，请用 PUBREL 应答 PUBREC，或改用 QoS 1',
  ],
  'websocket-refused': [
    'a WebSocket that is not MQTT from a device',
    'use the subprotocol "mqtt", binary frames, and no Origin of another site',
    '请使用子协议 mqtt 与二进制帧，且不带其他网站的 Origin',
  ],
  'packet-id-zero': ['packet id 0', 'update the firmware of the device', '报文标识为 0，请升级设备固件'],
  'frame-too-large': [
    'a frame above the limit',
    'send smaller messages or raise mqtt.limits.frameBytes',
    '报文过大，请减小报文或调大 mqtt.limits.frameBytes',
  ],
  'payload-too-large': [
    'a payload above the limit',
    'send smaller messages or raise mqtt.limits.payloadBytes',
    '内容过大，请减小内容或调大 mqtt.limits.payloadBytes',
  ],
  'client-id': [
    'the client id is empty, too long or malformed',
    'give the device an id of letters, digits, dot, dash or underscore',
    '客户端标识为空、过长或含非法字符',
  ],
  'device-name': [
    'the name is not a device id',
    'use 1 to 64 letters, digits, dots, dashes or underscores, starting with a letter or digit',
    '名称不是合法的设备编号',
  ],
  'anonymous-refused': [
    'neither password nor certificate',
    'enrol the device, or allow mqtt.anonymous on a trusted network',
    '设备未提供密码或证书，请先登记设备',
  ],
  'needs-password': [
    'the name belongs to a device with a password',
    'give the device its password',
    '该编号的设备需要密码',
  ],
  'wrong-password': [
    'the password is wrong',
    'write the password into the device again, or enrol it anew',
    '密码错误，请重新写入密码或重新登记',
  ],
  'unknown-device': ['no device of that name is enrolled', 'enrol the device', '没有登记该设备'],
  'locked-out': [
    'other hardware took the place of this device',
    'take it out of use, or put it back with gengfu device replace or gengfu device adopt --again',
    '该硬件已被替换并锁定；如需恢复，请用 gengfu device replace 或 adopt --again',
  ],
  busy: [
    'too many password checks are waiting',
    'nothing: the device will try again',
    '密码校验排队中，设备会自动重试',
  ],
  'too-many-guesses': [
    'too many wrong passwords from this address',
    'write the right password into the device; passwords are checked again after some seconds without an attempt',
    '该地址密码错误过多，请写入正确密码，停止尝试片刻后会再次校验',
  ],
  'certificate-missing': [
    'no client certificate',
    'install the certificate that enrolment made',
    '缺少设备证书，请安装登记时生成的证书',
  ],
  'certificate-expired': [
    'the certificate has expired',
    'issue a new certificate',
    '证书已过期，请签发新证书',
  ],
  'certificate-not-yet-valid': [
    'the certificate is not valid yet',
    'check the clock of the machine that issued it',
    '证书尚未生效，请检查签发机器的时钟',
  ],
  'certificate-untrusted': [
    'the certificate is not signed by our authority',
    'issue the certificate with the authority of tls.caFile',
    '证书不是由本机信任的机构签发',
  ],
  'certificate-revoked': [
    'the certificate is revoked',
    'issue a new certificate, and find out who has the old one',
    '证书已吊销，请签发新证书',
  ],
  'two-devices-one-id': [
    'two live devices use the same id',
    'give one of them another id',
    '两台设备使用同一编号，请修改其中一台',
  ],
  'will-refused': [
    'the last will is for a topic that is not the device’s own',
    'set the will to gengfu/v1/{deviceId}/presence',
    '遗嘱主题不属于该设备',
  ],
  'topic-malformed': [
    'the topic is malformed, too long or too deep',
    'publish to gengfu/v1/{deviceId}/event',
    '主题不合法、过长或层级过多',
  ],
  'topic-reserved': [
    '$SYS belongs to the broker',
    'publish to gengfu/v1/{deviceId}/event',
    '$SYS 主题由系统保留',
  ],
  'topic-not-own': [
    'the topic is not the device’s own',
    'publish to gengfu/v1/{deviceId}/event with the id it is enrolled under',
    '主题不属于该设备，请使用登记的设备编号',
  ],
  'filter-not-own': [
    'the subscription reaches beyond the device',
    'subscribe to gengfu/v1/{deviceId}/command and receipt',
    '订阅超出该设备自己的主题',
  ],
  'subscription-limit': ['too many subscriptions', 'subscribe to gengfu/v1/{deviceId}/# once', '订阅过多'],
  'not-kept': [
    'the message could not be stored',
    'see the journal’s own log; the device keeps the message and sends it again',
    '消息未能保存，设备会重发',
  ],
  'not-reading': [
    'the device does not read its subscriptions',
    'check its link and firmware',
    '设备不接收数据，请检查链路与固件',
  ],
  idle: [
    'nothing was received for too long on a connection without keepalive',
    'set a keepalive in the device',
    '长时间无数据，请在设备上设置保活',
  ],
  stopping: ['the broker is stopping', 'nothing: the device will try again', '系统正在停止，设备会自动重连'],
} as const

export type RefusalCause = keyof typeof refusals

/** The reason and what to do, for a person. */
export const refusalWords = (cause: RefusalCause): BilingualText => {
  const [reason, remedy, zh] = refusals[cause]
  return { zh, en: `${reason}: ${remedy}` }
}

export const refusalCauses = Object.keys(refusals) as RefusalCause[]

/** Largest number of stored pairs of device and cause; when full, all are deleted and may be logged again. */
const loggedMax = 5000

export class Refusals {
  readonly #logger: Logger
  readonly #counter: Counter<'cause'>
  readonly #logged = new Set<string>()

  /** A client that never signs in can claim a new name each time. */
  readonly #paced: PacedLogs

  constructor(logger: Logger, counter: Counter<'cause'>, clock: Pick<Clock, 'monotonicMs'>) {
    this.#logger = logger
    this.#paced = new PacedLogs(clock)
    this.#counter = counter
  }

  /** Counts the refusal and, the first time for this device (or address), logs the reason and the next step. */
  report(
    cause: RefusalCause,
    who: { device?: string | undefined; address?: string | undefined },
    facts: object = {},
  ): void {
    this.#counter.inc({ cause })
    const detail = 'detail' in facts && cause === 'malformed' ? (scalarText(facts.detail) ?? '') : ''
    const key = `${cause} ${who.device ?? who.address ?? ''}${detail}`
    if (this.#logged.has(key)) return
    if (this.#logged.size >= loggedMax) this.#logged.clear()
    this.#logged.add(key)
    const [reason, remedy, zh] = refusals[cause]
    this.#paced.line(who.address ?? '', (leftOut) =>
      this.#logger.warn({ cause, ...who, ...facts, reason, remedy, zh, leftOut }, 'refused a device'),
    )
  }

  /** The device succeeded: its next refusal is logged again. */
  forget(device: string, cause: RefusalCause): void {
    if (this.#logged.size > 0) this.#logged.delete(`${cause} ${device}`)
  }
}
