// ONVIF notifications as readings: motion, tamper and digital inputs, whatever names the maker uses.
import type { Readings } from '../../../../protocols/domain/reading.ts'
import { attributeOf, elementAt, elementsNamed, textAt, type XmlElement } from './soap-xml.ts'

/** Undefined for unknown topics and for messages of another shape. Never throws. */
export function readingsOf(notification: XmlElement): Readings | undefined {
  const topic = textAt(notification, 'Topic')
  const message = elementAt(notification, 'Message', 'Message')
  const isOn = items(elementAt(message, 'Data')).find(([name]) =>
    /^(Is[a-z]+|State|LogicalState|Value)$/i.test(name),
  )
  if (topic === '' || !isOn) return undefined
  const value = truth(isOn[1])
  if (value === undefined) return undefined
  // The state at the time of subscribing is no event, unless it is active.
  const operation = attributeOf(message, 'PropertyOperation')
  if (operation === 'Deleted' || (operation === 'Initialized' && !value)) return undefined
  if (/DigitalInput/i.test(topic)) {
    const [input] = items(elementAt(message, 'Source'))
    // Active is the state that the installer wired as the alarm: an open contact.
    return { contact: value ? 'open' : 'closed', ...inputName(input?.[1]) }
  }
  if (/Tamper|GlobalSceneChange|ImageTooDark|ImageTooBright|ImageTooBlurry|SignalLoss/i.test(topic)) {
    return { tamper: value }
  }
  // Only the motion counts: the class of object that a camera reports is not stored.
  if (/Motion|FieldDetector|LineDetector|(People|Person|Human|Vehicle|Pet|Object)Detect/i.test(topic))
    return { motion: value }
  return undefined
}

/** A name given by the camera, such as "Input 1": bounded, because it is stored. */
function inputName(value: string | undefined): { input?: string } {
  const name = value
    ?.slice(0, 64)
    .replace(/\p{C}+/gu, ' ')
    .trim()
  return name === undefined || name === '' ? {} : { input: name }
}

function items(parent: XmlElement | undefined): [name: string, value: string][] {
  return elementsNamed(parent, 'SimpleItem').flatMap((item): [string, string][] => {
    const name = attributeOf(item, 'Name')
    return name === undefined ? [] : [[name, attributeOf(item, 'Value') ?? '']]
  })
}

/** The two boolean words of XML, and those that firmware uses instead, in any case. */
function truth(value: string): boolean | undefined {
  if (/^(true|1|active|on)$/i.test(value.trim())) return true
  if (/^(false|0|inactive|off)$/i.test(value.trim())) return false
  return undefined
}
