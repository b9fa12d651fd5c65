// Yobiiq SD-1001, smoke: channel, type, value on port 8; versions on port 50. After the maker's payload table.
import { percentOf } from '../../meaning/values.ts'
import type { DialectReadings } from '../../port.ts'
import { ignored, problem, type Frame, type MakerAnswer } from './answer.ts'

export function yobiiq(fPort: number, frame: Frame, model: string): MakerAnswer {
  // Its meters use the same channels with other meanings: without the refusal a relay would be a loss of mains.
  if (/\d|dsmr|opentherm/.test(model) && !/sd1001|1002015/.test(model))
    return problem(`of Yobiiq only SD-1001 is built in, and not ${model}`)
  if (frame.length === 1) return ignored('an answer to a setting')
  if (fPort === 50 || frame.u8(0) === 0xff) return ignored('versions, which the device says at its start')
  const readings: DialectReadings = {}
  const faults: string[] = []
  let isDiagnostic = false
  let isTest = false
  let isSmoke: boolean | undefined
  for (let at = 0; at < frame.length; at += 3) {
    const value = frame.u8(at + 2)
    switch (frame.u8(at)) {
      case 1:
        readings['batteryPercent'] = percentOf(value)
        break
      case 2:
        readings['mains'] = value === 1 ? 'on' : 'off'
        break
      case 3:
        readings['batteryLow'] = value === 1
        break
      case 4:
        isDiagnostic = true
        if (value === 1) faults.push('sensor-fault')
        break
      case 5:
      case 6:
        // 6: another detector of the same house has detected smoke, and it may have no radio of its own.
        isSmoke = isSmoke === true || value === 1
        break
      case 7:
        isTest = value === 1
        break
      default:
        return problem(`channel ${frame.u8(at)} is in no table of Yobiiq`)
    }
  }
  if (isSmoke !== undefined) readings['smoke'] = isSmoke
  if (isTest) readings['testButton'] = true
  return {
    readings,
    ...(isTest ? { momentary: { testButton: true } } : {}),
    ...(isDiagnostic ? { faults } : {}),
  }
}
