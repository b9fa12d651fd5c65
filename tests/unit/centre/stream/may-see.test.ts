// Question: does a stream send to a person only what the routes would show as well?
import { describe, expect, it } from 'vitest'
import { maySee, maySeeTyping } from '../../../../centre/stream/may-see.ts'
import { roles, type Role } from '../../../../protocols/desk/api.ts'

const village = '320612104201'
const account = (role: Role, scope?: readonly string[]) => ({ user: role, role, scope })
const rolesThat = (sees: (role: Role) => boolean): Role[] => roles.filter(sees)

describe('a stored change', () => {
  const change = (message: object) => ({ position: 1, json: JSON.stringify(message) })

  it('about a picture is for those who may look at pictures', () => {
    const picture = change({ type: 'picture.taken', picture: { box: `${village}-1` } })
    expect(rolesThat((role) => maySee(account(role), picture))).toEqual(['operator', 'supervisor', 'admin'])
  })

  it('about a place is for those whose scope has it; one about none for those without a scope', () => {
    const alarm = change({ type: 'alarm.raised', alarm: { box: `${village}-1`, colour: 'red', kind: 'sos' } })
    const none = change({ type: 'something.new' })
    const seen = (scope?: readonly string[]): boolean[] =>
      [alarm, none].map((one) => maySee(account('operator', scope), one))
    expect([seen(), seen(['320612104']), seen(['320612205'])]).toEqual([
      [true, true],
      [true, false],
      [false, false],
    ])
  })

  it('about a hand-over is for its two persons, and for those who oversee the whole town', () => {
    const shift = change({ type: 'shift.offered', shift: { leaving: 'operator', entering: 'maintainer' } })
    expect(rolesThat((role) => maySee(account(role), shift))).toEqual(
      expect.arrayContaining(['operator', 'maintainer', 'supervisor', 'auditor', 'admin']),
    )
    expect(maySee(account('installer'), shift)).toBe(false)
    expect(maySee(account('supervisor', [village]), shift)).toBe(false)
  })
})

it('a text under way is for others who could write there too', () => {
  const sees = (role: Role, scope?: readonly string[], who = 'li'): boolean =>
    maySeeTyping(account(role, scope), who, [village])
  expect(rolesThat((role) => sees(role))).toEqual(['operator', 'supervisor', 'admin'])
  expect([sees('operator', ['320612104']), sees('operator', ['320612205'])]).toEqual([true, false])
  expect(sees('operator', undefined, 'operator')).toBe(false)
})
