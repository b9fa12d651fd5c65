// Shared parts of the centre's tests: a centre in a temporary folder, a box that uses MQTT, records and requests.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type MqttClient } from 'mqtt'
import { createAuthority } from '../../kits/broker/certificates.ts'
import { townDatabase } from '../../kits/postgres/town-database.ts'
import { pino } from 'pino'
import { createCentre, type Centre, type CentreOptions } from '../../../centre/centre.ts'
import { parseCentreConfig, type CentreConfig } from '../../../centre/config/config.ts'
import { createToken } from '../../../centre/cli/accounts.ts'
import type { Alarm } from '../../../protocols/domain/alarm.ts'
import type { Lane } from '../../../protocols/domain/colour.ts'
import type { AlarmRecord, EventRecord, JournalRecord } from '../../../protocols/domain/record.ts'
import type { Role } from '../../../protocols/desk/api.ts'
import { createSystemClock, type Clock } from '../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'
import {
  encodeJson,
  parsePictureReceipt,
  parseReceipt,
  parseStageNotice,
} from '../../../protocols/uplink/codec.ts'
import type { PictureReceipt } from '../../../protocols/uplink/picture-receipt.ts'
import type { Receipt } from '../../../protocols/uplink/receipt.ts'
import type { StageNotice } from '../../../protocols/uplink/stage-notice.ts'

export const epoch = 'abcd1234'

export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'gengfu-centre-'))
}

export function dropFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

const time = (sequence: number) => ({
  boot: 1,
  sinceBootMs: sequence * 10,
  atMs: 1_760_000_000_000 + sequence,
})

export function makeEvent(sequence: number): EventRecord {
  return {
    type: 'event',
    sequence,
    ...time(sequence),
    clock: 'synced',
    device: 'door-1',
    messageId: `1-${sequence}`,
    readings: { contact: 'open', batteryPercent: 87 },
  }
}

export function makeAlarm(
  sequence: number,
  change: AlarmRecord['change'],
  part: Partial<Alarm> = {},
): AlarmRecord {
  return {
    type: 'alarm',
    sequence,
    ...time(sequence),
    clock: 'synced',
    change,
    alarm: {
      id: 'sos-1',
      device: 'button-1',
      kind: 'sos',
      colour: 'red',
      latchedColour: 'red',
      state: 'unacknowledged',
      occurrences: 1,
      text: { zh: '求助', en: 'help' },
      ...part,
    },
  }
}

/** The section that makes a centre the authority of its boxes. */
export async function enrolmentSettings(folder: string): Promise<object> {
  const authority = await createAuthority('Town')
  const [certFile, keyFile] = [join(folder, 'town-ca.crt'), join(folder, 'town-ca.key')]
  writeFileSync(certFile, authority.cert)
  writeFileSync(keyFile, authority.key)
  return {
    authority: { certFile, keyFile },
    centreUrl: 'http://town.example',
    uplinkUrl: 'mqtts://town.example:8883',
    codeHours: 1,
  }
}

export interface CentreUnderTest {
  centre: Centre
  folder: string
  /** Where its data are, for commands beside it. */
  storage: CentreConfig['storage']
  token: (role?: Role, name?: string, scope?: readonly string[]) => string
  get: (path: string, token?: string) => Promise<Response>
  post: (path: string, token?: string, body?: object) => Promise<Response>
}

export async function startCentre(
  folder: string,
  options: { config?: object; wrapStorage?: CentreOptions['wrapStorage']; clock?: Clock } = {},
): Promise<CentreUnderTest> {
  const database = await townDatabase(folder)
  const parsed = parseCentreConfig({
    dataDir: folder,
    ...(database === undefined ? {} : { storage: { url: database } }),
    http: { host: '127.0.0.1', port: 0 },
    uplink: { listeners: [{ host: '127.0.0.1', port: 0 }], anonymous: true },
    // The result must not depend on whether this machine keeps its time, and asking costs a process.
    clock: { isKept: true },
    ...options.config,
  })
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  const config = parsed.value
  const [clock, random] = [options.clock ?? createSystemClock(), createSystemRandom()]
  const logger = pino({ level: 'silent' })
  const { wrapStorage } = options
  const centre = createCentre({ config, logger, clock, random, ...(wrapStorage ? { wrapStorage } : {}) })
  await centre.start()
  const headers = (token: string | undefined) =>
    token === undefined ? {} : { authorization: `Bearer ${token}` }
  return {
    centre,
    folder,
    storage: config.storage,
    token: (role = 'operator', name = 'ops', scope) =>
      createToken({ config, clock, random }, { name, role, scope }),
    get: (path, token) => fetch(`${centre.httpUrl}${path}`, { headers: headers(token) }),
    post: (path, token, body) =>
      fetch(`${centre.httpUrl}${path}`, {
        method: 'POST',
        headers: { ...headers(token), 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  }
}

/** A box without storage: it sends what the test says and remembers the answers. */
export class TestBox {
  readonly receipts: Receipt[] = []
  readonly stages: StageNotice[] = []
  readonly pictures: PictureReceipt[] = []
  readonly client: MqttClient
  readonly box: string

  constructor(url: string, box: string, options: { username?: string; password?: string } = {}) {
    this.box = box
    this.client = connect(url, { clientId: box, reconnectPeriod: 0, keepalive: 30, ...options })
    this.client.on('error', () => {})
    this.client.on('message', (topic, payload) => {
      if (topic.endsWith('/receipt')) {
        const receipt = parseReceipt(payload)
        if (receipt.ok) this.receipts.push(receipt.value)
      } else if (topic.endsWith('/picture')) {
        const said = parsePictureReceipt(payload)
        if (said.ok) this.pictures.push(said.value)
      } else {
        const stage = parseStageNotice(payload)
        if (stage.ok) this.stages.push(stage.value)
      }
    })
  }

  async ready(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.client.once('connect', () => resolve())
      this.client.once('error', reject)
      this.client.once('close', () => reject(new Error('closed')))
    })
    await this.client.subscribeAsync(
      [`down/${this.box}/receipt`, `down/${this.box}/stage`, `down/${this.box}/picture`],
      { qos: 1 },
    )
    return this
  }

  report(lane: Lane, first: number, records: readonly JournalRecord[], more: object = {}): Promise<unknown> {
    const payload = Buffer.from(encodeJson({ v: 1, epoch, lane, first, records, ...more }))
    return this.client.publishAsync(`up/${this.box}/${lane}`, payload, { qos: 1 })
  }

  end(): Promise<void> {
    return this.client.endAsync(true)
  }
}

/** Waits until `find` returns a value; the test's own time-out ends it. */
export async function until<T>(
  find: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  for (;;) {
    const found = await find()
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
