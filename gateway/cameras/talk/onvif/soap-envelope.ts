// Builds a SOAP request and reads its answer: envelope, sign-in token, addressing headers, faults.
import { createHash } from 'node:crypto'
import type { Random } from '../../../../protocols/kit/random.ts'
import { elementAt, parseSoapXml, textAt, xmlText, type XmlElement } from './soap-xml.ts'

export interface SoapRequest {
  /** The complete action, such as `http://www.onvif.org/ver10/device/wsdl/GetServices`. */
  action: string
  body: string
  /** For requests to a subscription: its address as the camera gave it, and the elements to return in the header. */
  to?: { address: string; parameters: string } | undefined
}

export interface SoapToken {
  user: string
  password: string
  /** The estimated time of the camera. */
  createdMs: number
  random: Random
}

const security = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss'
/** No request needs it; some servers search for it instead of parsing XML. */
const bodySpaces =
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
const addressing = 'http://www.w3.org/2005/08/addressing'

export function encodeSoap({ action, body, to }: SoapRequest, token: SoapToken | undefined): string {
  const addressed = to
    ? `<a:Action xmlns:a="${addressing}">${action}</a:Action>` +
      `<a:To xmlns:a="${addressing}">${xmlText(to.address)}</a:To>${to.parameters}`
    : ''
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">' +
    `<s:Header>${addressed}${token ? usernameToken(token) : ''}</s:Header><s:Body ${bodySpaces}>${body}</s:Body></s:Envelope>`
  )
}

/** WS-Security UsernameToken with a digest, as ONVIF Core 5.9.4 requires: SHA-1 over nonce, time and password. */
function usernameToken({ user, password, createdMs, random }: SoapToken): string {
  const nonce = Buffer.from(random.hex(16), 'hex')
  const created = new Date(createdMs).toISOString()
  const digest = createHash('sha1').update(nonce).update(created).update(password, 'utf8').digest('base64')
  return (
    `<w:Security s:mustUnderstand="1" xmlns:w="${security}-wssecurity-secext-1.0.xsd" ` +
    `xmlns:u="${security}-wssecurity-utility-1.0.xsd"><w:UsernameToken><w:Username>${xmlText(user)}</w:Username>` +
    '<w:Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest">' +
    `${digest}</w:Password><w:Nonce EncodingType="${security}-soap-message-security-1.0#Base64Binary">` +
    `${nonce.toString('base64')}</w:Nonce><u:Created>${created}</u:Created></w:UsernameToken></w:Security>`
  )
}

export interface SoapFault {
  /** The camera's own text. */
  words: string
  /** The camera refuses our sign-in, as far as can be read. */
  isSignIn: boolean
  /** It names the time as the reason. */
  isTime: boolean
  detail: XmlElement | undefined
}

export type SoapAnswer = { body: XmlElement } | { fault: SoapFault }

/** Undefined for an answer that is not SOAP. Never throws. */
export function parseSoap(xml: string): SoapAnswer | undefined {
  const root = parseSoapXml(xml)
  const body = root?.name === 'Envelope' ? elementAt(root, 'Body') : undefined
  if (!body) return undefined
  const fault = elementAt(body, 'Fault')
  return fault ? { fault: readFault(fault) } : { body }
}

/** SOAP 1.2 and 1.1 use different names. */
function readFault(fault: XmlElement): SoapFault {
  const code = elementAt(fault, 'Code')
  const subcode = elementAt(code, 'Subcode')
  const codes = [
    textAt(code, 'Value'),
    textAt(subcode, 'Value'),
    textAt(subcode, 'Subcode', 'Value'),
    textAt(fault, 'faultcode'),
  ]
  const text = textAt(fault, 'Reason', 'Text') || textAt(fault, 'faultstring')
  const all = [...codes, text].join(' ')
  const isTime = /time ?(check|stamp)|clock|MessageExpired|expired|FailedCheck/i.test(all)
  return {
    words: text || codes.join(' ').trim(),
    isSignIn:
      isTime ||
      /NotAuthori[sz]ed|unauthori[sz]ed|not authori[sz]ed|FailedAuthentication|InvalidSecurity|authentication failed/i.test(
        all,
      ),
    isTime,
    detail: elementAt(fault, 'Detail') ?? elementAt(fault, 'detail'),
  }
}

/** Cameras announce UTF-16 more often than they send it: the bytes decide. */
export function soapText(body: Buffer): string {
  if (body[0] === 0xff && body[1] === 0xfe) return body.subarray(2).toString('utf16le')
  if (body[0] === 0x3c && body[1] === 0) return body.toString('utf16le')
  const text = body.toString('utf8')
  // Bytes before the first tag (a BOM, blank lines, a stray header, a MIME part) are not XML but common.
  return text.slice(Math.max(0, text.indexOf('<')))
}
