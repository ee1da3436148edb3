import type { ServerContext } from '@modelcontextprotocol/server';
import type { CallProgress } from './tool.ts';

/** How often a client that asked for progress hears that its call is still at work: well under common time-outs. */
const PULSE_MS = 5_000;
/** How often it hears of progress at most. */
const PASSED_ON_EVERY_MS = 100;

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
    ...newestOnly(notify),
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
 * Of what is told while the last one is being sent, or too soon after it, only the newest is sent. A server may tell its
 * progress ten thousand times a second: to pass all of that on would fill the memory of this program, and the client.
 */
function newestOnly(notify: (progress: CallProgress) => Promise<void>): Pick<Progress, 'tell' | 'sent'> {
  let newest: CallProgress | undefined;
  let sending: Promise<void> | undefined;
  let pause: NodeJS.Timeout | undefined;

  function send(): void {
    clearTimeout(pause);
    pause = undefined;
    if (newest === undefined) return;
    // One that cannot be sent means that the client is gone; the call itself hears of that by its signal.
    sending = notify(newest)
      .catch(() => {})
      .then(() => {
        sending = undefined;
        pause = setTimeout(send, PASSED_ON_EVERY_MS);
      });
    newest = undefined;
  }

  return {
    tell(progress) {
      newest = progress;
      if (sending === undefined && pause === undefined) send();
    },
    async sent() {
      await sending;
      send();
      await sending;
      clearTimeout(pause);
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
