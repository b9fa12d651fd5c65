// How long was a person silent, and how many persons are kept?
import { expect, it } from 'vitest'
import { Attendance } from '../../../../centre/accounts/attendance.ts'

it('counts from the last request, else from the start, and forgets the one active longest ago', () => {
  let nowMs = 1000
  const attendance = new Attendance({ monotonicMs: () => nowMs })
  nowMs = 4000
  expect(attendance.silentForMs('li')).toBe(3000)
  attendance.heard('li')
  nowMs = 4500
  expect(attendance.silentForMs('li')).toBe(500)
  for (let at = 0; at < 10_000; at++) attendance.heard(`user-${at}`)
  expect(attendance.silentForMs('li')).toBe(3500)
  expect(attendance.silentForMs('user-0')).toBe(0)
})
