// The roster on this desk: read from the centre, changed there, read again.
import { shallowRef } from 'vue'
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import type {
  ContactAnswer,
  DutyAnswer,
  PersonOnDuty,
  RosterAnswer,
  RosterEntry,
  RosterPerson,
} from '../../../protocols/desk/roster.ts'
import { asProblem } from '../link/api-problem.ts'

const pageSize = 500
/** Pages of people that are shown at most. */
const pagesMax = 40
const phonesMax = 20

/** Its requests to the centre. */
export interface PeopleCalls {
  read<T>(path: string): Promise<T>
  send<T>(path: string, body: object): Promise<T>
}

/** What the form gives: the centre counts the term itself. */
export type PersonForm = Omit<RosterEntry, 'expiresAtMs'> & { termDays?: number; phone?: string }

export class RosterDesk {
  readonly people = shallowRef<readonly RosterPerson[]>([])
  readonly isRead = shallowRef(false)
  readonly problem = shallowRef<BilingualText>()
  readonly isBusy = shallowRef(false)
  readonly onDuty = shallowRef<readonly PersonOnDuty[]>()
  /** Numbers that were asked for, by person; they are forgotten with the page. */
  readonly phones = shallowRef<ReadonlyMap<string, string>>(new Map())
  readonly #api: PeopleCalls

  constructor(api: PeopleCalls) {
    this.#api = api
  }

  async refresh(): Promise<void> {
    await this.#run(async () => {
      const people: RosterPerson[] = []
      let after: string | undefined = '0'
      for (let page = 0; page < pagesMax && after !== undefined; page++) {
        const answer: RosterAnswer = await this.#api.read<RosterAnswer>(
          `roster?limit=${pageSize}&after=${after}`,
        )
        people.push(...answer.people)
        after = answer.next
      }
      this.people.value = people
      this.isRead.value = true
    })
  }

  /** True when the centre took it. */
  put(id: string | undefined, form: PersonForm): Promise<boolean> {
    return this.#change(id === undefined ? 'roster' : `roster/${id}`, form)
  }

  setAbsences(id: string, absences: RosterEntry['absences']): Promise<boolean> {
    return this.#change(`roster/${id}/absences`, { absences })
  }

  remove(id: string): Promise<boolean> {
    return this.#change(`roster/${id}/delete`, {})
  }

  async showPhone(id: string, about = ''): Promise<void> {
    await this.#run(async () => {
      const query = about === '' ? '' : `?case=${encodeURIComponent(about)}`
      const { phone } = await this.#api.read<ContactAnswer>(`roster/${id}/contact${query}`)
      this.phones.value = new Map([...[...this.phones.value].slice(1 - phonesMax), [id, phone]])
    })
  }

  async readDuty(query: Record<string, string>): Promise<void> {
    await this.#run(async () => {
      const { people } = await this.#api.read<DutyAnswer>(
        `roster/duty?${new URLSearchParams(query).toString()}`,
      )
      this.onDuty.value = people
    })
  }

  async #change(path: string, body: object): Promise<boolean> {
    if (!(await this.#run(() => this.#api.send(path, body)))) return false
    await this.refresh()
    return true
  }

  async #run(work: () => Promise<unknown>): Promise<boolean> {
    this.isBusy.value = true
    this.problem.value = undefined
    try {
      await work()
      return true
    } catch (error) {
      this.problem.value = asProblem(error).text
      return false
    } finally {
      this.isBusy.value = false
    }
  }
}
