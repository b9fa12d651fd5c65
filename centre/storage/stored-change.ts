// The changes of a commit for the stream.

/** A message of the stream that is now on disk; `json` already contains its position. */
export interface StoredChange {
  position: number
  json: string
}
