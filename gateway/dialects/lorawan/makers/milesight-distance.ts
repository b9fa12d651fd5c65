// Milesight's distances and levels, with what each sends instead of a value. After the tables in the user guides.
import type { DialectReadings } from '../../port.ts'
import type { Frame } from './answer.ts'

export interface State {
  readings: DialectReadings
  press?: 'pressed' | 'held' | 'double'
  faults: Set<string>
  /** The frame contains a value from which faults are read. */
  isDiagnostic: boolean
}

export interface Field {
  size: number
  read?: (at: number, frame: Frame, state: State) => void
}

function takeDistance(distanceMm: number, state: State): void {
  state.isDiagnostic = true
  // 0xFFFD and 0xFFFF: out of range, sensor fault.
  const isMeasured = distanceMm < 0xfffd
  state.readings['distanceMm'] = isMeasured ? distanceMm : null
  if (!isMeasured) state.faults.add(distanceMm === 0xfffd ? 'out-of-range' : 'sensor-fault')
}
export const distance = (size: number, factor = 1): Field => ({
  size,
  read: (at, frame, state) => {
    const raw = frame.u16le(at)
    takeDistance(raw < 0xfffd ? Math.round(raw * factor) : raw, state)
  },
})
/** A number of two bytes; the three highest mean that it could not be measured. */
export const measured = (name: string): Field => ({
  size: 2,
  read: (at, frame, state) => {
    const raw = frame.u16le(at)
    state.readings[name] = raw < 0xfffd ? raw : null
    if (raw >= 0xfffd) {
      state.isDiagnostic = true
      state.faults.add('sensor-fault')
    }
  },
})
export const depth: Field = {
  size: 2,
  read: (at, frame, state) => {
    const centimetres = frame.u16le(at)
    state.isDiagnostic = true
    const isMeasured = centimetres < 0xfffd
    state.readings['waterLevelMm'] = isMeasured ? centimetres * 10 : null
    if (!isMeasured) state.faults.add(centimetres === 0xfffd ? 'out-of-range' : 'sensor-fault')
  },
}
/** EM410-RDL: 1 blind zone, 2 no target, 3 sensor fault; 0: over. */
export const distanceException: Field = {
  size: 3,
  read: (at, frame, state) => {
    const word = ['', 'blind-zone', 'no-target', 'sensor-fault'][frame.u8(at + 2)] ?? 'sensor-fault'
    if (word === '') return takeDistance(frame.u16le(at), state)
    state.isDiagnostic = true
    state.faults.add(word)
    state.readings['distanceMm'] = null
  },
}
