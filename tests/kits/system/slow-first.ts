// The order in which Vitest starts the files: the longest first, so that none of them runs alone at the end while the
// second core waits. Files that start programs come before those in process, which are short and fill the gaps.
import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Seconds of the files above ten seconds, on two cores; of all others the size decides. */
const seconds: Readonly<Record<string, number>> = {
  'tests/browser/bare-box.test.ts': 83,
  'tests/browser/town/desk-pages.test.ts': 64,
  'tests/faults/centre-kill.test.ts': 52,
  'tests/simulation/uplink/uplink-pace.test.ts': 47,
  'tests/system/kills.test.ts': 45,
  'tests/contract/centre/commands.test.ts': 45,
  'tests/system/town/town-stops.test.ts': 43,
  'tests/unit/deploy/release-script.test.ts': 38,
  'tests/system/town/town-salvage.test.ts': 36,
  'tests/browser/fleet-page.test.ts': 36,
  'tests/system/town/town-restored.test.ts': 35,
  'tests/system/handbook.test.ts': 33,
  'tests/contract/centre/salvage.test.ts': 32,
  'tests/unit/deploy-examples.test.ts': 30,
  'tests/browser/desk-page.test.ts': 28,
  'tests/system/cameras/camera-onvif-foreign.test.ts': 27,
  'tests/browser/town-work.test.ts': 27,
  'tests/unit/deploy/lintian.test.ts': 25,
  'tests/faults/senders/sender-kills.test.ts': 25,
  'tests/faults/cameras/camera-campaign.test.ts': 25,
  'tests/contract/centre/pictures.test.ts': 24,
  'tests/system/town/town-pictures.test.ts': 23,
  'tests/system/town/town-box-commands.test.ts': 23,
  'tests/system/cameras/camera-faults.test.ts': 22,
  'tests/unit/platform/outlets/voice.test.ts': 21,
  'tests/system/town/town-certificates.test.ts': 20,
  'tests/system/cameras/camera-pictures.test.ts': 20,
  'tests/system/cameras/camera-console.test.ts': 20,
  'tests/contract/cameras/camera-odd-pictures.test.ts': 20,
  'tests/browser/real-centre.test.ts': 19,
  'tests/system/cameras/camera-process.test.ts': 18,
  'tests/system/cameras/camera-attacks.test.ts': 17,
  'tests/simulation/uplink/uplink-session.test.ts': 17,
  'tests/contract/centre/bounds.test.ts': 17,
  'tests/unit/gateway/cameras/camera-picture-work.test.ts': 16,
  'tests/faults/links.test.ts': 16,
  'tests/browser/whole-life.test.ts': 16,
  'tests/system/cameras/camera-keeping.test.ts': 15,
  'tests/system/cameras/camera-foreign.test.ts': 15,
  'tests/contract/centre/people/web-attacks.test.ts': 15,
  'tests/faults/damage.test.ts': 14,
  'tests/browser/town-press.test.ts': 14,
  'tests/postgres/storage.test.ts': 13,
  'tests/postgres/copy-storage.test.ts': 13,
  'tests/unit/centre/storage/spoilt-documents.test.ts': 12,
  'tests/contract/centre/fleet/fleet.test.ts': 12,
  'tests/faults/damage-seeds.test.ts': 11,
  'tests/contract/centre/people/second-factor.test.ts': 11,
  'tests/contract/centre/cases.test.ts': 11,
  'tests/contract/centre/accounts.test.ts': 11,
  'tests/browser/pictures.test.ts': 11,
  'tests/system/town/town-rewound.test.ts': 10,
  'tests/system/town/town-commands.test.ts': 10,
  'tests/system/config-changes.test.ts': 10,
  'tests/contract/centre/uplink/restored.test.ts': 10,
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
