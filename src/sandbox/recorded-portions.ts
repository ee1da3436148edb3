import type { ReplyMessage } from './messages.ts';
import { replyMessage } from './reply-message.ts';
import type { RecordedReply } from './runner.ts';

/** So many that asking for the next ones costs little, and so few that a run that diverges soon comes to its end. */
const REPLIES_MAX = 250;
/** The last one may exceed it. */
const CHARACTERS_MAX = 4 * 1024 * 1024;

/** Makes JSON of recorded replies, a portion at a time: all of them may be more than a thread has memory for. */
export function* recordedPortions(
  recorded: readonly RecordedReply[],
): Generator<readonly ReplyMessage[], undefined> {
  let portion: ReplyMessage[] = [];
  let characters = 0;
  for (const each of recorded) {
    const message = replyMessage(each);
    portion.push(message);
    characters += message.json.length;
    if (portion.length < REPLIES_MAX && characters < CHARACTERS_MAX) continue;
    yield portion;
    portion = [];
    characters = 0;
  }
  yield portion;
}
