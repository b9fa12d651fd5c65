// What every pane does: read its part of the centre, show a refusal, and one press at a time.
import { onMounted, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import { asProblem } from '../link/api-problem.ts'
import type { DeskApi } from '../link/desk-api.ts'

export interface Answered<T> {
  answer: ShallowRef<T | undefined>
  problem: ShallowRef<BilingualText | undefined>
  isBusy: Ref<boolean>
  read: () => Promise<void>
  /** Does it, then reads again; true when the centre took it. */
  run: (work: () => Promise<unknown>) => Promise<boolean>
}

export function useAnswer<T>(api: DeskApi, path: string): Answered<T> {
  const answer = shallowRef<T>()
  const problem = shallowRef<BilingualText>()
  const isBusy = ref(false)
  async function read(): Promise<void> {
    try {
      answer.value = await api.read<T>(path)
      problem.value = undefined
    } catch (error) {
      problem.value = asProblem(error).text
    }
  }
  async function run(work: () => Promise<unknown>): Promise<boolean> {
    if (isBusy.value) return false
    isBusy.value = true
    try {
      await work()
      await read()
      return true
    } catch (error) {
      problem.value = asProblem(error).text
      return false
    } finally {
      isBusy.value = false
    }
  }
  onMounted(() => void read())
  return { answer, problem, isBusy, read, run }
}
