/** A partition being fetched. */
export interface FetchedSplit {
  readonly topic: string;
  readonly partition: number;
  /** Of the topic that `offset` is in; another one once the topic was made again. */
  topicId: string;
  /** What to fetch next. */
  offset: number;
  /** True: `offset` was stored or read before, so that it must not be out of range unless records are gone. */
  stored: boolean;
  /** Where readers of committed records stand at the end; null before the first answer. */
  end: number | null;
  /** Node id; null while it has to be found out. */
  leader: number | null;
  leaderEpoch: number;
  /** What the next fetch asks for: more than usual where a record batch is longer. */
  bytesMax: number;
  /** How often the batch at `badOffset` could not be read. */
  badOffset: number;
  badTimes: number;
}
