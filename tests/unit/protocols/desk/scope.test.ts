// Does a scope contain exactly the divisions and villages that it names?
import { expect, test } from 'vitest'
import { isInScope, parseScope } from '../../../../protocols/desk/scope.ts'

test('holds a village by the code of its town or county, by itself, and by nothing shorter or longer', () => {
  for (const entry of ['32', '3206', '320612', '320612104', '320612104201'])
    expect([entry, isInScope([entry], '320612104201-1')]).toEqual([entry, true])
  for (const entry of ['3', '32061210', '320612105', '3206121042011', '320612104202'])
    expect([entry, isInScope([entry], '320612104201-1')]).toEqual([entry, false])
  expect(isInScope(['hill'], 'hill')).toBe(true)
  expect(isInScope(['hill'], 'hill-2')).toBe(false)
  expect(isInScope([], 'hill')).toBe(false)
  // A name that begins with the digits of a division is none of its villages.
  expect(isInScope(['32'], '32-upper-brook')).toBe(false)
  expect(isInScope(undefined, 'hill')).toBe(true)
})

test('reads what an administrator types', () => {
  expect(parseScope('320612104, hill')).toEqual(['320612104', 'hill'])
  expect(parseScope('all')).toBeNull()
  for (const text of ['', ' , ', 'hill,', '../x', '320612104201-1']) expect(parseScope(text)).toBeUndefined()
})
