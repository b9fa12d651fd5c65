// Storage's part of what comes from the scene: links of people who were sent, their reports, and the attachments of a case.
import type { DeskAlarm } from '../../protocols/desk/api.ts'
import type { Attachment, AttachmentType } from '../../protocols/desk/attachments.ts'
import type { ResponderEntry, ResponderView, ResponseLink } from '../../protocols/desk/responder.ts'
import type { Actor, RefusalCode } from '../cases/workflow/case-input.ts'
import type { StoredChange } from './stored-change.ts'

export interface NewLink {
  /** SHA-256 of the token. */
  hash: string
  to: string
  /** Index of the dispatch in the case. */
  dispatch: number
  expiresAtMs: number
}

/** The sender: the hashes of the link's token and of the phone's own key. */
export interface LinkProof {
  hash: string
  device: string
}

export interface StoredFile {
  sha256: string
  name: string
  type: AttachmentType
  bytes: number
}

/** `over`: the case is closed. `other-phone`: another phone opened the link first. */
export type ResponseOutcome =
  | { type: 'done'; view: ResponderView; changes: StoredChange[]; alarms: DeskAlarm[] }
  | { type: 'unknown' | 'expired' | 'other-phone' | 'over' | 'full' }
  | { type: 'refused'; code: RefusalCode; detail: string }

export type AttachOutcome =
  | { type: 'done'; attachment: Attachment; changes: StoredChange[] }
  | { type: 'unknown' | 'full' }
  | { type: 'refused'; code: RefusalCode; detail: string }

export interface ResponseWriterCalls {
  /** False when there is no such case or dispatch, it is over, or it has too many links. */
  putResponseLinks(caseId: string, links: readonly NewLink[], by: string, atMs: number): boolean
  /** Every link of the case, or the one of this number; answers how many were ended. */
  endResponseLinks(caseId: string, link: number | undefined, by: string, atMs: number): number
  /** Keeps the link for this phone. */
  openResponse(proof: LinkProof, atMs: number): ResponseOutcome
  takeResponse(proof: LinkProof, entry: ResponderEntry, atMs: number): ResponseOutcome
  attachResponse(
    proof: LinkProof,
    entryId: string,
    file: StoredFile,
    bytesMax: number,
    atMs: number,
  ): ResponseOutcome
  /** The file is on the disk. The same file again changes nothing. */
  attach(caseId: string, file: StoredFile, actor: Actor, bytesMax: number, atMs: number): AttachOutcome
  /** The view is in the trail when it answers; undefined when the case has no such file. */
  lookAtAttachment(caseId: string, sha256: string, by: string, atMs: number): Attachment | undefined
  /** Marks them gone; answers the files that no case refers to any more. */
  dropAttachments(numbers: readonly number[], atMs: number): string[]
}

export interface ResponseReaderCalls {
  isResponseLink(hash: string): boolean
  responseLinks(caseId: string): ResponseLink[]
  attachments(caseId: string): Attachment[]
  /** Of cases that are over or deleted. */
  attachmentsPastTerm(beforeMs: number, limit: number): number[]
  isAttachmentNamed(sha256: string): boolean
}

export const responseWriterCalls = [
  'putResponseLinks',
  'endResponseLinks',
  'openResponse',
  'takeResponse',
  'attachResponse',
  'attach',
  'lookAtAttachment',
  'dropAttachments',
] as const satisfies (keyof ResponseWriterCalls)[]
export const responseReaderCalls = [
  'isResponseLink',
  'responseLinks',
  'attachments',
  'attachmentsPastTerm',
  'isAttachmentNamed',
] as const satisfies (keyof ResponseReaderCalls)[]
