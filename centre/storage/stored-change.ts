// What a commit changed for the stream.

/** A message of the stream that is now on disk; `json` carries its position already. */
export interface StoredChange {
  position: number
  json: string
}
