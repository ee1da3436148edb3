import type { Clock } from '../domain/clock.ts';
import type { Fault } from '../domain/errors.ts';
import type { Logger } from '../domain/logger.ts';
import type { Timers } from '../domain/timers.ts';
import type { Connection } from './connection.ts';
import { startDeadline } from './deadline.ts';
import {
  cancelled,
  handshakeFault,
  handshakeTimedOut,
  notCalled,
  retryLater,
  unavailable,
} from './faults.ts';
import type { ServerSpec, ServerState } from './hub.ts';
import type { HubLimits } from './limits.ts';
import { type OpenConnectionParams, openConnection } from './open-connection.ts';
import { orAborted } from './or-aborted.ts';
import { createPause } from './pause.ts';
import type { StartQueue } from './start-queue.ts';

/** Keeps at most one connection to a server, made by its first use, and made anew by the next use after it broke. */
export interface ServerLink {
  state(): ServerState;
  /** Why it failed; undefined where it did not. */
  failure(): Fault | undefined;
  /** Milliseconds until a failed server is tried again; 0 for at once. */
  pauseLeftMs(): number;
  /** The live connection, if there is one. */
  current(): Connection | undefined;
  /**
   * The live connection, or a new one, which all who wait for it share. Throws `SERVER_UNAVAILABLE`, `SERVER_TIMEOUT`
   * and `CANCELLED`; an abort lets go of the connection that is being made, and does not stop it.
   */
  connect(signal?: AbortSignal): Promise<Connection>;
  /** The server answered something: its next failure is the first one again. */
  noteAnswer(): void;
  /** Ends a connection that cannot be trusted any more. Without a failure, the next use connects at once. */
  drop(connection: Connection, failure?: Fault): void;
  /**
   * Ends the connection, or the attempt to make one; forgets failures. It is stopped at once for whoever looks; the
   * promise is that everything has ended, which the next connection waits for.
   */
  stop(): Promise<void>;
}

export interface ServerLinkParams
  extends Pick<OpenConnectionParams, 'server' | 'clientVersion' | 'supervisor' | 'quote' | 'onToolsChanged'> {
  readonly spec: ServerSpec;
  readonly startQueue: StartQueue;
  readonly limits: HubLimits;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  readonly onConnected: () => void;
  /** What has to be over before the first connection; never fails. */
  readonly startAfter?: Promise<void>;
}

interface Attempt {
  readonly connection: Promise<Connection>;
  readonly stop: AbortController;
}

export function createServerLink(params: ServerLinkParams): ServerLink {
  const { server, spec, quote, startQueue, limits, clock, timers, random, logger, supervisor } = params;
  const pause = createPause({ pauseMs: limits.pauseMs, pauseMsMax: limits.pauseMsMax, clock, random });
  let connection: Connection | undefined;
  let attempt: Attempt | undefined;
  let failure: Fault | undefined;
  let isKnownLegacy = false;
  /** Of all that was stopped: what ends a server by its name must not find the next one. */
  let ended = params.startAfter ?? Promise.resolve();

  function fail(fault: Fault): Fault {
    failure = fault;
    pause.begin();
    const { code, message: problem } = fault;
    logger.warn('A downstream server failed.', { server, code, problem, pauseMs: pause.leftMs() });
    return retryLater(fault, pause.leftMs());
  }

  function begin(): Attempt {
    const leftMs = pause.leftMs();
    if (leftMs > 0 && failure !== undefined) throw notCalled(server, failure, leftMs);
    const stop = new AbortController();
    const made = orAborted(
      ended.then(() => startQueue.run(() => open(stop.signal))),
      stop.signal,
    )
      .catch((error: unknown) => {
        throw stop.signal.aborted ? unavailable(server, 'was stopped') : error;
      })
      .finally(() => {
        if (attempt?.stop === stop) attempt = undefined;
      });
    // Those who waited for it may all be gone.
    made.catch(() => {});
    return { connection: made, stop };
  }

  async function open(stopped: AbortSignal): Promise<Connection> {
    stopped.throwIfAborted();
    const ms = limits.connectMs;
    const deadline = startDeadline({ silenceMs: ms, totalMs: ms, signal: stopped, clock, timers });
    try {
      let opened: Connection | undefined;
      // It may be over before it is looked at.
      const onOver = () => opened !== undefined && lose(opened);
      opened = await openConnection({ ...params, isKnownLegacy, onOver }, deadline.signal);
      const overBecause = opened.overBecause();
      if (overBecause !== undefined) throw unavailable(server, overBecause);
      connection = opened;
      failure = undefined;
      isKnownLegacy = opened.isLegacy;
      params.onConnected();
      return opened;
    } catch (error) {
      isKnownLegacy = false;
      if (stopped.aborted) throw error;
      if (deadline.exceededMs() !== undefined) throw fail(handshakeTimedOut(server, ms));
      throw fail(handshakeFault(error, { server, quote }));
    } finally {
      deadline.stop();
    }
  }

  /** A connection that was let go of before is no loss. */
  function lose(lost: Connection): void {
    if (connection !== lost) return;
    connection = undefined;
    fail(unavailable(server, lost.overBecause() ?? 'closed the connection'));
  }

  return {
    state() {
      if (spec.disabled) return 'disabled';
      if (connection !== undefined) return 'running';
      if (attempt !== undefined) return 'starting';
      return failure === undefined ? 'stopped' : 'failed';
    },
    failure: () => failure,
    pauseLeftMs: () => pause.leftMs(),
    current: () => connection,
    async connect(signal) {
      if (signal?.aborted) throw cancelled();
      if (spec.disabled)
        throw unavailable(server, 'is disabled in the configuration', {
          retryable: false,
          hint: 'Take `disabled` out of its entry.',
        });
      if (connection !== undefined) return connection;
      attempt ??= begin();
      if (signal === undefined) return attempt.connection;
      return orAborted(attempt.connection, signal).catch((error: unknown) => {
        throw signal.aborted ? cancelled() : error;
      });
    },
    noteAnswer: () => pause.reset(),
    drop(dropped, fault) {
      if (connection !== dropped) return;
      connection = undefined;
      if (fault !== undefined) fail(fault);
      void dropped.close();
    },
    stop() {
      const stopped = connection;
      connection = undefined;
      attempt?.stop.abort();
      attempt = undefined;
      failure = undefined;
      pause.reset();
      ended = Promise.allSettled([ended, end(stopped)]).then(() => {});
      return ended;
    },
  };

  async function end(stopped: Connection | undefined): Promise<void> {
    await stopped?.close();
    await supervisor.end(server);
  }
}
