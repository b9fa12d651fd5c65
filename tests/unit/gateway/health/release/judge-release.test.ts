// When a new version is proven, confirmed or at fault.
import { describe, expect, it } from 'vitest'
import {
  judgeRelease,
  localProofMsMax,
  unansweredMsMax,
  type ReleaseFacts,
} from '../../../../../gateway/health/release/judge-release.ts'

const good: ReleaseFacts = {
  local: [
    { what: 'journal', problem: undefined },
    { what: 'event of a device', problem: undefined },
  ],
  hasUplink: true,
  isReceipted: false,
  unansweredMs: 0,
  hadLink: true,
}
const broken = { ...good, local: [{ what: 'event of a device', problem: 'no PUBACK within 4 s' }] }

describe('a version on trial', () => {
  it('has two minutes to prove itself locally, and then says what is missing', () => {
    expect(judgeRelease(broken, localProofMsMax - 1)).toEqual({ state: 'trying' })
    expect(judgeRelease(broken, localProofMsMax)).toEqual({
      state: 'failed',
      reason: 'not proven within 120 s: event of a device: no PUBACK within 4 s',
    })
  })

  it('is not confirmed by having started: it is proven, and the version before stays', () => {
    expect(judgeRelease(good, 1000)).toEqual({ state: 'proven' })
  })

  it('is confirmed by a Receipt, or at once on a box without a centre', () => {
    expect(judgeRelease({ ...good, isReceipted: true }, 1000)).toEqual({ state: 'confirmed' })
    expect(judgeRelease({ ...good, hasUplink: false }, 1000)).toEqual({ state: 'confirmed' })
  })

  it('does not go back because a link is cut, however long', () => {
    expect(judgeRelease({ ...good, unansweredMs: 0 }, 30 * 86_400_000)).toEqual({ state: 'proven' })
  })

  it('goes back when it is connected and gets no Receipt, where the version before got them', () => {
    const deaf = { ...good, unansweredMs: unansweredMsMax }
    expect(judgeRelease(deaf, unansweredMsMax)).toMatchObject({ state: 'failed' })
    expect(judgeRelease({ ...deaf, hadLink: false }, unansweredMsMax)).toEqual({ state: 'proven' })
  })
})
