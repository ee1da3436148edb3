import type { ServerContext } from '@modelcontextprotocol/server';
import type { CallProgress } from './tool.ts';

/** How often a client that asked for progress hears that its call is still at work: well under common time-outs. */
const PULSE_MS = 5_000;

export interface Progress {
  tell(progress: CallProgress): void;
  /** Resolves once all that was told is sent: the answer comes last. */
  sent(): Promise<void>;
  /** Tells at once and every few seconds that a model is asked, so that nobody gives up on a slow one. */
  pulse<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** Progress notifications to whoever called, if it asked for them. */
export function progressTo(ctx: ServerContext): Progress {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return SILENT;
  const notify = (progress: CallProgress) =>
    ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, ...progress } });
  let last: Promise<void> = Promise.resolve();
  return {
    // A notification that cannot be sent means that the client is gone; the call itself hears of that by its signal.
    tell(progress) {
      last = notify(progress).catch(() => {});
    },
    sent: () => last,
    async pulse(work) {
      let progress = 0;
      const beat = () =>
        notify({ progress: ++progress, message: progress === 1 ? 'Deciding' : 'Still deciding' });
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
