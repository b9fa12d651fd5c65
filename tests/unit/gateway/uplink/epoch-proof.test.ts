// The centre's first answer decides: the epoch continues, or a new one begins; and how long Reports wait for it.
import { expect, it } from 'vitest'
import { EpochProof, proofMs, urgentProofMs } from '../../../../gateway/uplink/epoch-proof.ts'
import { lanes, type Lane } from '../../../../protocols/domain/colour.ts'
import type { LaneReceipt, Receipt } from '../../../../protocols/uplink/receipt.ts'

const at = (last: number): Record<Lane, number> =>
  Object.fromEntries(lanes.map((lane) => [lane, last])) as Record<Lane, number>
const receipt = (red: Partial<LaneReceipt>, more: Partial<Receipt> = {}): Receipt => ({
  v: 1,
  epoch: 'e0e0e0e0',
  lanes: { red: { storedTo: 0, missing: [], ...red } },
  centreTimeMs: 0,
  ...more,
})

function create(unproven: Record<Lane, number> | undefined = at(5), isTaken = true) {
  const said = { back: [] as string[], proven: 0, noted: 0 }
  const proof = new EpochProof({
    unproven,
    prove: (done) => {
      said.noted++
      done()
    },
    onRollback: (reason, done) => {
      said.back.push(reason)
      done(isTaken)
    },
    onProven: () => said.proven++,
  })
  proof.linkUp(0)
  return { proof, said }
}

it('is open from the start when the epoch is new', () => {
  const proof = new EpochProof({
    unproven: undefined,
    prove: () => undefined,
    onRollback: () => undefined,
    onProven: () => undefined,
  })
  expect(proof.isOpen).toBe(true)
})

it.each([{}, { storedTo: 5 }, { storedTo: 2, missing: [[3, 4]] as [number, number][] }, { lostTo: 9 }])(
  'opens when the centre has nothing that was not sent from here: %o',
  (red) => {
    const { proof, said } = create()
    expect(proof.isOpen).toBe(false)
    expect(proof.hear(receipt(red))).toBe(true)
    expect(proof.isOpen).toBe(true)
    expect(said).toEqual({ back: [], proven: 1, noted: 1 })
  },
)

it.each([
  [{ storedTo: 6 }, {}],
  [{ storedTo: 2, missing: [[3, 5]] as [number, number][] }, {}],
  [{ storedTo: 5, conflict: 4 }, {}],
  [{ storedTo: 5 }, { newerEpoch: true }],
])('goes back when the centre has %o %o, and nothing is settled', (red, more) => {
  const { proof, said } = create()
  expect(proof.hear(receipt(red, more))).toBe(false)
  expect(proof.isOpen).toBe(false)
  expect(said.back).toHaveLength(1)
  expect(said.noted).toBe(0)
})

it('sends when no new epoch may begin yet, and settles nothing', () => {
  const { proof, said } = create(at(5), false)
  expect(proof.hear(receipt({ storedTo: 6 }))).toBe(false)
  expect(proof.isOpen).toBe(true)
  expect(proof.hear(receipt({ storedTo: 7 }))).toBe(false)
  expect(proof.hear(receipt({ storedTo: 3 }))).toBe(false)
  expect(said.back).toHaveLength(3)
})

it('goes on after a while with a centre that does not answer, sooner when red waits', () => {
  const calm = create()
  calm.proof.tick(proofMs - 1, false)
  expect(calm.proof.isOpen).toBe(false)
  calm.proof.tick(proofMs, false)
  expect(calm.proof.isOpen).toBe(true)
  const urgent = create()
  urgent.proof.tick(urgentProofMs, true)
  expect(urgent.proof.isOpen).toBe(true)
})

it('hears of a conflict at any time', () => {
  const { proof, said } = create()
  expect(proof.hear(receipt({ storedTo: 5 }))).toBe(true)
  expect(proof.hear(receipt({ storedTo: 8 }))).toBe(true)
  expect(proof.hear(receipt({ storedTo: 8, conflict: 9 }))).toBe(false)
  expect(said.back).toEqual(['the centre has another record as red 9'])
})
