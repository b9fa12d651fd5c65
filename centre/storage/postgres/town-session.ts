// A session of the centre itself beside those of its storage threads: hears that any centre has stored a change, and holds the duties of
// the town by a lease, for the work that one centre does for all. A lock of the session would stay with a centre that is stopped but
// not ended: a lease runs out.
import type pg from 'pg'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { PostgresAddress } from './address.ts'
import { connectPrimary } from './connection/session.ts'

/** Another centre takes the duties this long after their holder was last heard. */
export const leaseMs = 2000
const lookEveryMs = 500
/** A server that does not answer for this long: the session is cut, and opened again. */
const answerMsMax = 5000

/** The clock is the database's: the centres need not agree on the time. Not worth a wait for the disk. */
const leaseSql = `WITH taken AS (
  INSERT INTO duties (one, holder, until) VALUES (1, $1, clock_timestamp() + $2 * interval '1 ms')
  ON CONFLICT (one) DO UPDATE SET holder = excluded.holder, until = excluded.until
    WHERE duties.holder = excluded.holder OR duties.until < clock_timestamp()
  RETURNING holder)
SELECT count(*) AS held FROM taken`

export interface TownSessionOptions {
  address: PostgresAddress
  /** Of this start of this centre. */
  owner: string
  clock: Clock
  /** A change was stored, by this centre or another. */
  onChange: () => void
  onDuties: (areHeld: boolean) => void
  onFailed: (error: unknown) => void
}

export class TownSession {
  readonly #options: TownSessionOptions
  #client: pg.Client | undefined
  #heldMs = Number.NEGATIVE_INFINITY
  #wasHeld = false
  #cancel: () => void = () => undefined
  #looking: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: TownSessionOptions) {
    this.#options = options
  }

  /** False as soon as the lease may have run out, also before the database can be asked. */
  get hasDuties(): boolean {
    return this.#options.clock.monotonicMs() - this.#heldMs < leaseMs
  }

  start(): Promise<void> {
    this.#looking = this.#look()
    return this.#looking
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel()
    await this.#looking
    const client = this.#client
    this.#client = undefined
    if (!client) return
    const { owner } = this.#options
    // The next centre need not wait for the end of the lease.
    if (this.#wasHeld)
      await client
        .query('UPDATE duties SET until = clock_timestamp() WHERE holder = $1', [owner])
        .catch(() => undefined)
    await client.end().catch(() => undefined)
  }

  async #look(): Promise<void> {
    const { clock, onFailed } = this.#options
    const askedMs = clock.monotonicMs()
    try {
      this.#client ??= await this.#connect()
      const held = await this.#renew(this.#client)
      if (held) this.#heldMs = askedMs
    } catch (error) {
      this.#drop()
      if (!this.#isStopped) onFailed(error)
    }
    this.#tell()
    if (!this.#isStopped) this.#cancel = clock.after(lookEveryMs, () => void (this.#looking = this.#look()))
  }

  async #renew(client: pg.Client): Promise<boolean> {
    const timer = setTimeout(() => this.#drop(), answerMsMax)
    try {
      const { rows } = await client.query<{ held: number }>(leaseSql, [this.#options.owner, leaseMs])
      return rows[0]?.held === 1
    } finally {
      clearTimeout(timer)
    }
  }

  async #connect(): Promise<pg.Client> {
    const { address, owner, onChange } = this.#options
    const client = await connectPrimary(address, `${owner} session`)
    client.on('notification', onChange)
    client.on('end', () => {
      if (this.#client === client) this.#client = undefined
    })
    await client.query('SET synchronous_commit = off')
    await client.query('LISTEN changes')
    // Changes of the time without a session.
    onChange()
    return client
  }

  #drop(): void {
    const client = this.#client
    this.#client = undefined
    const { connection } = (client ?? {}) as { connection?: { stream: { destroy: () => void } } }
    connection?.stream.destroy()
  }

  #tell(): void {
    const isHeld = this.hasDuties
    if (isHeld === this.#wasHeld) return
    this.#wasHeld = isHeld
    this.#options.onDuties(isHeld)
  }
}
