// The short form of a plain event in the journal: its values in a fixed order without their names. The names are half
// of its bytes and most of the data that a routine commit writes to the flash. Everywhere else it is the JSON that a
// Report carries.
import { clockQualities, type ClockQuality } from '../../protocols/domain/event.ts'

/** Every short event begins with this; carving searches for it in raw bytes. */
export const shortEventStart = '{"e":['

const number = String.raw`(-?\d+(?:\.\d+)?)`
const word = String.raw`("[^"\\]*")`
const numbers = ['sequence', 'boot', 'sinceBootMs', 'atMs']

/** Names of readings that most reports contain. Their positions are on disk: the list may only grow at its end. */
const common = ['batteryPercent', 'signalDbm', 'temperatureC', 'waterLevelMm', 'contact']
const commonName = new RegExp(`"(${common.join('|')})":`, 'g')
/** Prefix of the position of a common name; an event with such a reading name stays in its long form. */
const sign = '~'

const long = new RegExp(
  `^\\{"type":"event",${numbers.map((name) => `"${name}":${number},`).join('')}` +
    `"clock":"(${clockQualities.join('|')})","device":${word},"messageId":${word},"readings":(\\{.*\\})\\}$`,
)
const short = new RegExp(
  `^\\{"e":\\[${numbers.map(() => `${number},`).join('')}(\\d),${word},${word},(\\{.*\\})\\]\\}$`,
)

/** The short form of an event with these fields in this order; any other body as it is. */
export function shortenBody(body: string): string {
  const found = long.exec(body)
  const readings = found?.[8]
  if (!found || readings === undefined || readings.includes(sign)) return body
  const [, sequence, boot, sinceBootMs, atMs, clock, device, messageId] = found
  // The position in the list is on disk: the list may only grow at its end.
  const quality = clockQualities.indexOf(clock as ClockQuality)
  return `${shortEventStart}${sequence},${boot},${sinceBootMs},${atMs},${quality},${device},${messageId},${shortenNames(readings)}]}`
}

/** The body as a Report carries it, byte for byte as before it was shortened. */
export function expandBody(body: string): string {
  if (!body.startsWith(shortEventStart)) return body
  const found = short.exec(body)
  const clock = clockQualities[Number(found?.[5])]
  if (!found || !clock) return body
  const [, sequence, boot, sinceBootMs, atMs, , device, messageId, readings] = found
  return (
    `{"type":"event","sequence":${sequence},"boot":${boot},"sinceBootMs":${sinceBootMs},"atMs":${atMs},` +
    `"clock":"${clock}","device":${device},"messageId":${messageId},"readings":${expandNames(readings ?? '')}}`
  )
}

function shortenNames(readings: string): string {
  return readings.replace(commonName, (_, name: string) => `"${sign}${common.indexOf(name)}":`)
}

function expandNames(readings: string): string {
  return readings.replace(/"~(\d)":/g, (found, place: string) => {
    const name = common[Number(place)]
    return name === undefined ? found : `"${name}":`
  })
}
