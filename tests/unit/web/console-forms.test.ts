// The forms of the console without a page: corners of hidden parts, places on the plan, and local rules.
import { describe, expect, it } from 'vitest'
import {
  boxOf,
  cornerAt,
  cornersMax,
  isDrag,
  pointsOf,
  withCorner,
} from '../../../web/console/cameras/mask-corners.ts'
import { bodyOf, placeAt, placeOf, thingsOf, withMove } from '../../../web/console/plan/plan-places.ts'
import { emptyRule, formOfRule, ruleOfForm } from '../../../web/console/settings/rule-form.ts'

describe('hidden parts of a picture', () => {
  it('makes a box of a drag in any direction, inside the picture', () => {
    const [from, to] = [cornerAt(0.8, 1.4), cornerAt(-0.2, 0.25)]
    expect(isDrag(from, to)).toBe(true)
    expect(boxOf(from, to)).toEqual([
      [0, 0.25],
      [0.8, 0.25],
      [0.8, 1],
      [0, 1],
    ])
    expect(isDrag(from, from)).toBe(false)
    expect(pointsOf([from])).toBe('800,1000')
  })

  it('closes a part at its first corner once it has three, and at the most corners that a box takes', () => {
    const three: [number, number][] = [
      [0, 0],
      [0.5, 0],
      [0.5, 0.5],
    ]
    expect(withCorner(three.slice(0, 2), [0.01, 0.01])).toHaveProperty('open.length', 3)
    expect(withCorner(three, [0.01, 0.01])).toEqual({ closed: three })
    const many = Array.from({ length: cornersMax - 1 }, (_, n): [number, number] => [n / 40, 0.9])
    expect(withCorner(many, [0.9, 0.1])).toHaveProperty('closed.length', cornersMax)
  })
})

describe('places on the plan', () => {
  const answer = {
    v: 1 as const,
    hasPicture: true,
    devices: [
      { id: 'a', kind: 'button', plan: { x: 0.5, y: 0.5 } },
      { id: 'b', kind: 'siren' },
    ],
    zones: [{ id: 'hall', name: '祠堂' }],
  }
  const [a, b, hall] = thingsOf(answer)

  it('sends only what differs from the box, and nothing that was moved back', () => {
    if (!a || !b || !hall) throw new Error('three things')
    let moved = withMove(new Map(), a, placeAt(2, -1))
    expect(placeOf(a, moved)).toEqual({ x: 1, y: 0 })
    moved = withMove(moved, hall, placeAt(0.1, 0.1))
    moved = withMove(moved, b, null)
    expect(bodyOf(thingsOf(answer), moved)).toEqual({
      devices: { a: { x: 1, y: 0 } },
      zones: { hall: { x: 0.1, y: 0.1 } },
    })
    expect(withMove(moved, a, { x: 0.5, y: 0.5 }).size).toBe(1)
    expect(placeOf(a, withMove(moved, a, null))).toBeUndefined()
  })
})

describe('local rules', () => {
  it('keeps what the form does not have', () => {
    const written = {
      id: 'r',
      when: {
        kinds: ['water'],
        variants: ['flood'],
        devices: ['g'],
        during: { from: '21:00', to: '05:00', days: ['mon'] },
      },
      device: 'sign-1',
      do: 'sign',
      with: { text: 'Leave', size: 2 },
      stopDo: 'off',
    }
    expect(ruleOfForm(formOfRule(written), written)).toEqual({ ...written, secondsMax: 180 })
    const changed = { ...formOfRule(written), hasTimes: false, text: 'Up', zones: ['z'], kinds: [] }
    expect(ruleOfForm(changed, written)).toMatchObject({
      when: { variants: ['flood'], devices: ['g'], zones: ['z'] },
      with: { text: 'Up', size: 2 },
    })
    expect(ruleOfForm(changed, written).when).not.toHaveProperty('during')
  })

  it('sends no text with a command that has none', () => {
    const form = { ...emptyRule('r'), device: 'siren-1', do: 'siren', text: 'x' }
    expect(ruleOfForm(form)).toEqual({
      id: 'r',
      when: { colours: ['red'] },
      device: 'siren-1',
      do: 'siren',
      secondsMax: 180,
    })
  })
})
