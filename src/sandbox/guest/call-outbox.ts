import type { CallMessage } from '../messages.ts';

const CALLS_MAX = 100;
/** Of arguments. */
const CHARACTERS_MAX = 1024 * 1024;

/**
 * Calls on their way to the host. They cross together, because a message costs more than a call; a script that is led
 * through its recorded calls never waits, so that they also cross when they are many.
 */
export interface CallOutbox {
  add(calls: readonly CallMessage[]): void;
  flush(): void;
}

export function createCallOutbox(send: (calls: readonly CallMessage[]) => void): CallOutbox {
  let gathered: CallMessage[] = [];
  let characters = 0;
  const flush = () => {
    if (gathered.length > 0) send(gathered);
    gathered = [];
    characters = 0;
  };
  return {
    add(calls) {
      gathered.push(...calls);
      for (const { args } of calls) characters += args.length;
      if (gathered.length >= CALLS_MAX || characters >= CHARACTERS_MAX) flush();
    },
    flush,
  };
}
