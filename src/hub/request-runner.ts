import { ProtocolError } from '@modelcontextprotocol/client';
import type { Clock } from '../domain/clock.ts';
import type { Timers } from '../domain/timers.ts';
import type { Connection, RequestControl } from './connection.ts';
import { startDeadline } from './deadline.ts';
import { callTimedOut, cancelled, outcomeUnknown, unavailable, wasNotTaken } from './faults.ts';
import type { HubLimits } from './limits.ts';
import { orAborted } from './or-aborted.ts';
import type { ServerLink } from './server-link.ts';

/** Sends requests to one server, and ends each by its deadline, by its caller, or with its connection. */
export interface RequestRunner {
  /** Throws `CANCELLED`, `SERVER_TIMEOUT`, `SERVER_UNAVAILABLE`, or what the SDK throws for an answer. */
  run<Value>(
    connection: Connection,
    options: RunOptions,
    send: (control: RequestControl) => Promise<Value>,
  ): Promise<Value>;
}

export interface RunOptions {
  /** Milliseconds without an answer, and without a sign of progress. */
  readonly ms: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: RequestControl['onProgress'];
}

export interface RequestRunnerParams {
  readonly server: string;
  readonly link: Pick<ServerLink, 'drop' | 'noteAnswer'>;
  readonly limits: HubLimits;
  readonly clock: Clock;
  readonly timers: Timers;
}

export function createRequestRunner({
  server,
  link,
  limits,
  clock,
  timers,
}: RequestRunnerParams): RequestRunner {
  const { pingMs, callStretchMax } = limits;
  let underWay = 0;

  /** After a time-out. Others may still wait for something that takes its time: then it is no matter of trust. */
  async function probe(connection: Connection): Promise<void> {
    if (!connection.isStdio || underWay > 0 || connection.overBecause() !== undefined) return;
    const deadline = startDeadline({ silenceMs: pingMs, totalMs: pingMs, clock, timers });
    await orAborted(connection.ping({ signal: deadline.signal }), deadline.signal).catch(() => {
      // A refusal is an answer too.
      if (deadline.exceededMs() === undefined) return;
      link.drop(connection, unavailable(server, 'was ended, because it did not answer anything any more'));
    });
    deadline.stop();
  }

  return {
    async run(connection, { ms, signal, onProgress }, send) {
      const deadline = startDeadline({ silenceMs: ms, totalMs: ms * callStretchMax, signal, clock, timers });
      const control: RequestControl = {
        signal: deadline.signal,
        onProgress(progress) {
          deadline.extend();
          onProgress?.(progress);
        },
      };
      underWay += 1;
      try {
        const answer = await orAborted(send(control), deadline.signal);
        link.noteAnswer();
        return answer;
      } catch (error) {
        if (signal?.aborted) throw cancelled();
        const exceededMs = deadline.exceededMs();
        if (exceededMs !== undefined) throw callTimedOut(server, exceededMs);
        const overBecause = connection.overBecause();
        if (error instanceof ProtocolError) link.noteAnswer();
        else if (overBecause !== undefined) {
          const fault = unavailable(server, overBecause);
          throw wasNotTaken(error) ? fault : outcomeUnknown(fault);
        }
        throw error;
      } finally {
        deadline.stop();
        underWay -= 1;
        if (deadline.exceededMs() !== undefined) void probe(connection);
      }
    },
  };
}
