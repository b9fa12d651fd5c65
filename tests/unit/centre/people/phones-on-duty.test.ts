// Does an outlet get the numbers of the people who are on duty, and no others?
import { expect, it } from 'vitest'
import { createPhonesOnDuty } from '../../../../centre/people/phones-on-duty.ts'
import type { RosterPerson } from '../../../../protocols/desk/roster.ts'

const person = (number: number, part: Partial<RosterPerson> = {}): RosterPerson => ({
  id: `person-${number}`,
  name: `post ${number}`,
  role: 'grid-keeper',
  villages: ['320612104201'],
  zones: [],
  hours: [],
  absences: [],
  consent: { how: 'paper', atMs: 0 },
  expiresAtMs: 2000,
  hasPhone: true,
  changedAtMs: 0,
  ...part,
})
const duty = { roles: ['grid-keeper' as const], peopleMax: 2 }

it('asks for the numbers of those on duty alone, as many as wanted, and names the case for the audit log', async () => {
  const people = [
    person(1, { absences: [{ fromMs: 0, toMs: 5000 }] }),
    person(2, { role: 'volunteer' }),
    person(3, { hasPhone: false }),
    person(4, { expiresAtMs: 500 }),
    person(5),
    person(6),
    person(7),
  ]
  const looked: string[] = []
  const phonesOnDuty = createPhonesOnDuty({
    storage: {
      roster: () => Promise.resolve({ people }),
      lookAtContact: (id, by, why) => {
        looked.push(`${id} ${by} ${why}`)
        return Promise.resolve(`1380000000${id}`)
      },
    },
    clock: { wallMs: () => 1000 },
    timeZone: 'Asia/Shanghai',
  })
  expect(await phonesOnDuty('320612104201', duty, 'case-7')).toEqual(['13800000005', '13800000006'])
  expect(looked).toEqual(['5 centre case-7', '6 centre case-7'])
})
