// Runs the action of a button: one at a time. If the action fails, the same part of the page shows the problem.
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import { asProblem } from './api-problem.ts'

export interface OneAction {
  problem: ShallowRef<BilingualText | undefined>
  isBusy: Ref<boolean>
  /** Does nothing while another action runs. */
  run: (work: () => Promise<void>) => Promise<void>
}

export function createOneAction(): OneAction {
  const problem = shallowRef<BilingualText>()
  const isBusy = ref(false)
  async function run(work: () => Promise<void>): Promise<void> {
    if (isBusy.value) return
    isBusy.value = true
    problem.value = undefined
    try {
      await work()
    } catch (error) {
      problem.value = asProblem(error).text
    } finally {
      isBusy.value = false
    }
  }
  return { problem, isBusy, run }
}
