// Files of a case: photos from the scene and documents. Shared by the centre and the pages.

/** The types that a file may have; its first bytes must match. */
export const attachmentTypes = ['image/jpeg', 'image/png', 'application/pdf'] as const
export type AttachmentType = (typeof attachmentTypes)[number]

/** Bytes of one file. */
export const attachmentBytesMax = 8 * 1024 * 1024

export interface Attachment {
  sha256: string
  /** As its sender called it: for a person to read, never a path. */
  name: string
  type: AttachmentType
  bytes: number
  who: string
  atMs: number
  /** Deleted because its term was over. */
  goneAtMs?: number
}

/** `GET /api/v1/cases/{caseId}/attachments`: oldest first. The bytes: `.../attachments/{sha256}`; the view is in the audit trail. */
export interface AttachmentsAnswer {
  attachments: Attachment[]
}

export interface AttachmentAnswer {
  attachment: Attachment
}
