// Storage's part of villages: their daily reports, what their boxes list, bulletins, and linkage between them.
import type { Bulletin, BulletinsAnswer } from '../../protocols/desk/villages/bulletins.ts'
import type { DeskCommand } from '../../protocols/desk/commands.ts'
import type { DailyEntry } from '../../protocols/desk/daily.ts'
import type {
  Linkage,
  LinkageWarning,
  LinkagesAnswer,
  WarningsAnswer,
} from '../../protocols/desk/villages/linkages.ts'
import type { LevelsAnswer } from '../../protocols/desk/villages/levels.ts'
import type { AlarmKind } from '../../protocols/domain/alarm.ts'
import type { ListedDevice, ListedZone } from '../../protocols/uplink/village-list.ts'
import type { Scope } from '../../protocols/desk/scope.ts'
import type { StoredChange } from './stored-change.ts'

/** A bulletin before its boxes answer; its commands are stored with it. */
export type NewBulletin = Omit<Bulletin, 'boxes'>

export interface LinkagePass {
  changes: StoredChange[]
  /** New commands of bulletins that warnings have started. */
  commands: DeskCommand[]
}

export interface VillageWriterCalls {
  /** A person signs the day of a box, or files it by hand where the box did not. */
  signDaily(box: string, day: string, who: string, text: string, atMs: number): DailyEntry
  /** The bulletin and its commands in one transaction: none of them without the others. */
  askBulletin(bulletin: NewBulletin, commands: readonly DeskCommand[]): StoredChange[]
  /** Replaces all rules; the version before stays in the file. Answers the new version. */
  putLinkages(linkages: readonly Linkage[], who: string, atMs: number): number
  /** Ends the warnings whose time is over, and starts the bulletins of new ones. */
  passLinkages(nowMs: number): LinkagePass
}

export interface BoxListing {
  box: string
  zones: ListedZone[]
  devices: (ListedDevice & { alarms: AlarmKind[] })[]
  isCut: boolean
}

export interface VillageReaderCalls {
  /** From one day to another, both in, by day and box. */
  dailyReports(query: { from: string; to: string; scope?: Scope | undefined; limit: number }): DailyEntry[]
  /** Newest first, without names of boxes; undefined when `after` is not a cursor. */
  bulletins(query: {
    after?: string | undefined
    limit: number
    scope?: Scope | undefined
  }): BulletinsAnswer | undefined
  bulletin(id: string): Bulletin | undefined
  linkages(): LinkagesAnswer
  /** Newest first; undefined when `after` is not a cursor. */
  linkageWarnings(query: {
    state: 'open' | 'all'
    after?: string | undefined
    limit: number
    scope?: Scope | undefined
  }): WarningsAnswer | undefined
  /** Of one device in that time, oldest first. */
  levels(query: { box: string; device: string; fromMs: number; untilMs?: number | undefined }): LevelsAnswer
  /** What each of these boxes lists, with the alarms that stand about each device. */
  listed(boxes: readonly string[]): BoxListing[]
}

export type { Linkage, LinkageWarning }

export const villageWriterCalls = [
  'signDaily',
  'askBulletin',
  'putLinkages',
  'passLinkages',
] as const satisfies (keyof VillageWriterCalls)[]
export const villageReaderCalls = [
  'dailyReports',
  'bulletins',
  'bulletin',
  'linkages',
  'linkageWarnings',
  'listed',
  'levels',
] as const satisfies (keyof VillageReaderCalls)[]
