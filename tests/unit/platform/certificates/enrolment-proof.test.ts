// Does a proof show that its sender knows the code, and nothing of the code itself?
import { expect, it } from 'vitest'
import { codeId, codeKey, isProof, proofOf } from '../../../../platform/certificates/enrolment-proof.ts'

const code = '2345-6789-ABCD-E'

it('counts for this code and these bytes only', () => {
  const key = codeKey(code)
  const proof = proofOf(key, 'request')
  expect(isProof(key, 'request', proof)).toBe(true)
  expect(isProof(key, 'another', proof)).toBe(false)
  expect(isProof(codeKey('2345-6789-ABCD-F'), 'request', proof)).toBe(false)
  for (const other of ['', '00', proof.slice(2), `${proof}00`, 'not hexadecimal'])
    expect(isProof(key, 'request', other)).toBe(false)
})

it('neither the name nor the key of a code is made of the other', () => {
  expect(codeId(code)).not.toBe(codeKey(code))
  expect(codeId(code)).toMatch(/^[0-9a-f]{64}$/)
})
