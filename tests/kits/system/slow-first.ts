// The order in which Vitest starts the files: the longest first, so that none of them runs alone at the end while the
// second core waits. Files that start programs come before those in process, which are short and fill the gaps.
import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Seconds of the files above ten seconds, on two cores; of all others the size decides. */
const seconds: Readonly<Record<string, number>> = {
  'tests/system/kills.test.ts': 148,
  'tests/faults/centre-kill.test.ts': 86,
  'tests/browser/desk-page.test.ts': 73,
  'tests/system/cameras/camera-faults.test.ts': 40,
  'tests/system/town/town-restored.test.ts': 50,
  'tests/simulation/uplink/uplink-pace.test.ts': 48,
  'tests/unit/deploy-examples.test.ts': 48,
  'tests/system/town/town-stops.test.ts': 45,
  'tests/browser/real-centre.test.ts': 36,
  'tests/system/cameras/camera-pictures.test.ts': 32,
  'tests/system/cameras/camera-keeping.test.ts': 32,
  'tests/browser/town-press.test.ts': 32,
  'tests/contract/centre/pictures.test.ts': 31,
  'tests/system/cameras/camera-process.test.ts': 31,
  'tests/system/town/town-commands.test.ts': 30,
  'tests/system/cameras/camera-onvif-foreign.test.ts': 29,
  'tests/system/town/town-pictures.test.ts': 28,
  'tests/system/town/town-box-commands.test.ts': 27,
  'tests/contract/cameras/camera-odd-pictures.test.ts': 25,
  'tests/contract/journal.test.ts': 25,
  'tests/browser/console-page.test.ts': 24,
  'tests/system/town/town-salvage.test.ts': 24,
  'tests/simulation/lives/lives.test.ts': 24,
  'tests/contract/centre/uplink/receiver.test.ts': 22,
  'tests/faults/cameras/camera-campaign.test.ts': 22,
  'tests/contract/centre/cases.test.ts': 20,
  'tests/system/town/town-certificates.test.ts': 19,
  'tests/system/cameras/camera-attacks.test.ts': 19,
  'tests/faults/links.test.ts': 19,
  'tests/system/cameras/camera-foreign.test.ts': 17,
  'tests/faults/damage-seeds.test.ts': 17,
  'tests/unit/gateway/cameras/camera-process.test.ts': 16,
  'tests/system/handbook.test.ts': 16,
  'tests/browser/pictures.test.ts': 16,
}

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { root } = this.ctx.config
    const bySize = await super.sort(files)
    const secondsOf = ({ moduleId }: TestSpecification): number => seconds[relative(root, moduleId)] ?? 0
    const isProgram = ({ project }: TestSpecification): number => (project.name === 'programs' ? 1 : 0)
    // Sorting is stable: what the table does not know stays in the order of Vitest, the largest first.
    return bySize.sort((a, b) => isProgram(b) - isProgram(a) || secondsOf(b) - secondsOf(a))
  }
}
