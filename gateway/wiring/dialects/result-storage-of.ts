// The functions that dialects need of intake and journal.
import { deviceTopic } from '../../../protocols/device-mqtt/topics.ts'
import type { ResultStorage } from '../../dialects/box/result-storage.ts'
import type { Intake } from '../../intake/intake.ts'
import { withPlainReadings } from '../../intake/records.ts'
import type { Journal } from '../../journal/port.ts'

export function resultStorageOf(intake: Intake, journal: Journal): ResultStorage {
  return {
    takeReadings: (event, answer, learned) => intake.takeReadings(withPlainReadings(event), answer, learned),
    keepState: async (state) => {
      await journal.append({ records: [], state, isUrgent: false })
    },
    keepUnreadable: (message, problem) => intake.keepUnreadable(message, problem),
    keepHint: (device, isOnline) => intake.keepHint(device, isOnline),
    keepPresence: (device, isOnline) =>
      intake.accept({
        device,
        topic: deviceTopic(device, 'presence'),
        payload: Buffer.from(isOnline ? 'online' : 'offline'),
      }),
    joinStored: intake.joinStored,
    wasKept: intake.wasKept,
    isNewest: intake.isNewest,
  }
}
