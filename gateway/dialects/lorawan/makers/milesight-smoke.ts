// Milesight GS524N, smoke: its frames are not of channels and types. After its user guide.
import { percentOf, temperatureOf } from '../../meaning/values.ts'
import { problem, type Frame, type MakerAnswer } from './answer.ts'

/** GS524N has a frame of its own: versions, message, battery, smoke density, degrees, and a sum that comes to 0. */
export function milesightSmoke(frame: Frame): MakerAnswer {
  if (frame.length !== 6) return problem('a frame of GS524N has 6 bytes')
  const message = frame.u8(1) & 0x0f
  return {
    readings: {
      // 2: silenced by hand while there is still smoke.
      smoke: message === 1 || message === 2,
      tamper: message === 10,
      batteryPercent: percentOf(frame.u8(2)),
      batteryLow: message === 4 || message === 15,
      temperatureC: temperatureOf(frame.i8(4)),
      ...(message >= 14 ? { testButton: true } : {}),
    },
    ...(message >= 14 ? { momentary: { testButton: true } } : {}),
    faults: message === 5 ? ['sensor-fault'] : [],
  }
}
