import type { ServerContext } from '@modelcontextprotocol/server';
import type { CallProgress } from './tool.ts';

/** How often a client that asked for progress hears that its call is still at work: well under common time-outs. */
const PULSE_MS = 5_000;
/** How much progress it hears of at once; what comes after that waits for its turn. */
const BURST_MAX = 50;
/** After which it may hear of one more. */
const REFILL_MS = 100;

export interface Progress {
  tell(progress: CallProgress): void;
  /** Resolves once the newest of what was told is sent: the answer comes last. */
  sent(): Promise<void>;
  /** Tells at once and every few seconds that it is at work, so that nobody gives up on a slow model or script. */
  pulse<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** Progress notifications to whoever called, if it asked for them. */
export function progressTo(ctx: ServerContext): Progress {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return SILENT;
  const notify = (progress: CallProgress) =>
    ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, ...progress } });
  return {
    ...withoutFlood(notify),
    async pulse(work) {
      let progress = 0;
      const beat = () =>
        notify({ progress: ++progress, message: progress === 1 ? 'At work' : 'Still at work' });
      await beat();
      const timer = setInterval(() => void beat().catch(() => clearInterval(timer)), PULSE_MS);
      try {
        return await work();
      } finally {
        clearInterval(timer);
      }
    },
  };
}

/**
 * Sends what is told, in its order, as long as it is not too much; after that only the newest, ten times a second. A server
 * may tell its progress ten thousand times a second: to pass all of that on would fill the memory of this program, and the client.
 */
function withoutFlood(notify: (progress: CallProgress) => Promise<void>): Pick<Progress, 'tell' | 'sent'> {
  const waiting: CallProgress[] = [];
  let newest: CallProgress | undefined;
  let allowance = BURST_MAX;
  let refill: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;

  async function send(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      // One that cannot be sent means that the client is gone; the call itself hears of that by its signal.
      await notify(next).catch(() => {});
    }
    sending = undefined;
  }

  function add(progress: CallProgress): void {
    waiting.push(progress);
    sending ??= send();
  }

  function tell(progress: CallProgress): void {
    if (allowance === 0 || waiting.length >= BURST_MAX) newest = progress;
    else {
      allowance -= 1;
      add(progress);
    }
    refill ??= setInterval(allowMore, REFILL_MS);
  }

  function allowMore(): void {
    allowance += 1;
    if (newest !== undefined) {
      const progress = newest;
      newest = undefined;
      tell(progress);
    } else if (allowance >= BURST_MAX) {
      clearInterval(refill);
      refill = undefined;
    }
  }

  return {
    tell,
    async sent() {
      clearInterval(refill);
      if (newest !== undefined) add(newest);
      newest = undefined;
      await sending;
    },
  };
}

export interface DownstreamProgress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

/** Passes the progress of a downstream call on, as far as its numbers grow: ours have to. */
export function passOn(tell: Progress['tell'], tool: string): (downstream: DownstreamProgress) => void {
  let latest = Number.NEGATIVE_INFINITY;
  return ({ progress, total, message = tool }) => {
    if (!(progress > latest)) return;
    latest = progress;
    tell({ progress, total, message });
  };
}

const SILENT: Progress = { tell: () => {}, sent: async () => {}, pulse: (work) => work() };
