// Are plan and progress of a release read back as written, and is a file that can not be used named instead of taken for none?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RolloutFiles } from '../../../../centre/updates/rollout-files.ts'
import type { RolloutPlan, RolloutProgress } from '../../../../protocols/desk/updates.ts'

const plan: RolloutPlan = {
  version: '1.1.0',
  waves: [{ percent: 100 }],
  termHours: 24,
  restHours: 1,
  by: 'li',
  startedAtMs: 5,
  isPaused: false,
}
const progress: RolloutProgress = {
  version: '1.1.0',
  state: 'running',
  wave: 0,
  waveSinceMs: 5,
  boxes: { 'box-a': { wave: 0, state: 'asked', command: 'k-1', atMs: 6 } },
}
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-rollout-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('reads nothing before anything was written, and then what was, also in the next start', () => {
  const files = RolloutFiles.ofReleases(folder)
  expect([files.plan, files.progress]).toEqual([undefined, undefined])
  files.plan = plan
  files.progress = progress
  const again = RolloutFiles.ofReleases(folder)
  expect([again.plan, again.progress]).toEqual([plan, progress])
})

test.each(['', '{', '[]', '{"version":"1.1.0"}', JSON.stringify({ ...plan, waves: [] })])(
  'names the file that holds %s, and what is wrong with it',
  (text) => {
    const files = RolloutFiles.ofReleases(folder)
    writeFileSync(join(folder, 'updates/plan.json'), text)
    expect(() => files.plan).toThrow(/plan\.json can not be used: /)
  },
)
