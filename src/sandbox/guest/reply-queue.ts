import type { ReplyMessage, ScriptOrder } from '../messages.ts';

/** Replies on their way to the script: the recorded ones in their order, and after the last of them new ones in theirs. */
export interface ReplyQueue {
  add(replies: readonly ReplyMessage[]): void;
  addRecorded(replies: readonly ReplyMessage[]): void;
  /** The reply whose turn it is; undefined where it has not come yet. */
  first(): ReplyMessage | undefined;
  /** Goes on to the next one. */
  removeFirst(): void;
  /** Whether it is the turn of a recorded one that the host has to be asked for; true once for each portion. */
  needsMore(): boolean;
}

export function createReplyQueue({
  recordedSeqs,
  recorded,
}: Pick<ScriptOrder, 'recordedSeqs' | 'recorded'>): ReplyQueue {
  const old = [...recorded];
  const fresh: ReplyMessage[] = [];
  /** Recorded ones that the script has not had. */
  let left = recordedSeqs.length;
  let isAskedFor = false;
  return {
    add(replies) {
      fresh.push(...replies);
    },
    addRecorded(replies) {
      old.push(...replies);
      isAskedFor = false;
    },
    first: () => (left > 0 ? old[0] : fresh[0]),
    removeFirst() {
      if (left === 0) return void fresh.shift();
      old.shift();
      left -= 1;
    },
    needsMore() {
      if (left === 0 || old.length > 0 || isAskedFor) return false;
      isAskedFor = true;
      return true;
    },
  };
}
