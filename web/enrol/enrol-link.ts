// Reads the address of the page: what a person has to type or to show to the box. Pure.
import {
  enrolmentUrl,
  parseEnrolmentUrl,
  type EnrolmentLink,
} from '../../protocols/enrolment/enrolment-code.ts'

export interface ShownLink extends EnrolmentLink {
  /** The address that the box takes, without what a redirect has added. */
  url: string
}

/** Undefined when the address holds no code, or one with a typing error. */
export function readLink(href: string): ShownLink | undefined {
  const parsed = parseEnrolmentUrl(href.replace(/\/e\/#/, '/e#'))
  return parsed.ok ? { ...parsed.value, url: enrolmentUrl(parsed.value) } : undefined
}
