// ONVIF notifications as readings: motion, tamper and digital inputs, whatever the maker calls them.
import { isObject } from '../../../../protocols/kit/parse-json.ts'
import type { Readings } from '../../../../protocols/domain/reading.ts'

/** Undefined for topics that mean nothing to us and for messages of another shape. Never throws. */
export function readingsOf(notification: unknown): Readings | undefined {
  const topic = textAt(notification, 'topic')
  const message = at(at(notification, 'message'), 'message')
  const data = items(at(message, 'data'))
  const isOn = [...data].find(([name]) =>
    /^(IsMotion|State|IsTamper|LogicalState|IsInside|Value|IsActive)$/i.test(name),
  )
  if (topic === '' || !isOn) return undefined
  const value = truth(isOn[1])
  if (value === undefined) return undefined
  // The state at the time of subscribing is no event, unless it is something.
  const operation = at(at(message, '$'), 'PropertyOperation')
  if (operation === 'Deleted' || (operation === 'Initialized' && !value)) return undefined
  if (/DigitalInput/i.test(topic)) {
    const input = [...items(at(message, 'source')).values()][0]
    // Active is what the installer wired as the alarm: an open contact.
    return { contact: value ? 'open' : 'closed', ...inputName(input) }
  }
  if (/Tamper|GlobalSceneChange|ImageTooDark|ImageTooBright|ImageTooBlurry|SignalLoss/i.test(topic)) {
    return { tamper: value }
  }
  if (/Motion|CellMotion|FieldDetector|LineDetector/i.test(topic)) return { motion: value }
  return undefined
}

/** A name of the camera's, such as "Input 1": bounded, because it is kept. */
function inputName(value: unknown): { input?: string | number } {
  if (typeof value === 'number') return { input: value }
  return typeof value === 'string' && value !== '' ? { input: value.slice(0, 64) } : {}
}

function at(value: unknown, key: string): unknown {
  return isObject(value) ? value[key] : undefined
}

/** Text that may carry attributes: the parser then puts it under `_`. */
function textAt(value: unknown, key: string): string {
  const found = at(value, key)
  const text = isObject(found) ? found['_'] : found
  return typeof text === 'string' ? text : ''
}

/** SimpleItems by name; one or several, as the parser found them. */
function items(value: unknown): Map<string, unknown> {
  const found = at(value, 'simpleItem')
  const list: unknown[] = Array.isArray(found) ? found : [found]
  return new Map(
    list.flatMap((item) => {
      const name = at(at(item, '$'), 'Name')
      return typeof name === 'string' ? [[name, at(at(item, '$'), 'Value')] as const] : []
    }),
  )
}

function truth(value: unknown): boolean | undefined {
  if (value === true || value === 1 || value === 'true' || value === 'active') return true
  if (value === false || value === 0 || value === 'false' || value === 'inactive') return false
  return undefined
}
