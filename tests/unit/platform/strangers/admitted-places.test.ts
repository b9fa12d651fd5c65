// Question: can one account that opens every connection it can keep the others out?
import { describe, expect, it } from 'vitest'
import { AdmittedPlaces } from '../../../../platform/strangers/admitted-places.ts'

const evictedBy = (places: AdmittedPlaces<string>, one: string, holder?: string) => {
  const entry = places.enter(one, holder)
  return entry === 'full' ? entry : entry.evicted
}

describe('places of signed-in connections', () => {
  it('of one holder are few: its oldest makes room, another keeps its own', () => {
    const places = new AdmittedPlaces<string>({ admitted: 10, admittedPerHolder: 2 })
    places.enter('honest', 'li')
    expect(['a', 'b', 'c', 'd'].map((one) => evictedBy(places, one, 'mallory'))).toEqual([
      undefined,
      undefined,
      'a',
      'b',
    ])
    expect(places.size).toBe(3)
  })

  it('when all are taken, the oldest of the largest holder makes room for any other', () => {
    const places = new AdmittedPlaces<string>({ admitted: 4 })
    for (const one of ['a', 'b', 'c', 'd']) places.enter(one, 'mallory')
    expect([places.isFullFor('li'), places.isFullFor(undefined)]).toEqual([false, false])
    expect([evictedBy(places, 'li-1', 'li'), evictedBy(places, 'li-2', 'li')]).toEqual(['a', 'b'])
    // Equal now: each displaces its own, so that neither takes turns in closing the other.
    expect([evictedBy(places, 'li-3', 'li'), evictedBy(places, 'e', 'mallory')]).toEqual(['li-1', 'c'])
    expect([evictedBy(places, 'proxy'), evictedBy(places, 'wang', 'wang')]).toEqual(['d', 'li-2'])
  })

  it('refuses when each place has another holder, and gives back what has left', () => {
    const places = new AdmittedPlaces<string>({ admitted: 2, admittedPerHolder: 2 })
    places.enter('a', 'li')
    places.enter('proxy', undefined)
    expect([places.isFullFor('wang'), evictedBy(places, 'b', 'wang')]).toEqual([true, 'full'])
    expect([places.leave('proxy'), places.leave('proxy')]).toEqual([true, false])
    expect(evictedBy(places, 'b', 'wang')).toBeUndefined()
    for (const one of ['a', 'b']) places.leave(one)
    expect(places.size).toBe(0)
  })
})
