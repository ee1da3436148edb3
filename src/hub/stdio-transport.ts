import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import type { Logger } from '../domain/logger.ts';
import type { Timers } from '../domain/timers.ts';
import { answeredId } from './answered-id.ts';
import { createExchange } from './exchange.ts';
import { answerTooLarge, failureAnswer, unavailable } from './faults.ts';
import type { Frame, Framing } from './framing.ts';
import type { HubLimits } from './limits.ts';
import type { Quote } from './quote.ts';
import type { ServerProcess } from './server-process.ts';
import { settledWithin } from './settled-within.ts';

/** What a process wrote just before it ended arrives within this time. */
const LAST_OUTPUT_MS = 250;
/** Things on stdout that are no message and are logged; after that they are only counted. */
const LOGGED_NOISE_MAX = 20;

export interface StdioTransportParams {
  readonly server: string;
  readonly process: ServerProcess;
  readonly framing: Framing;
  readonly limits: HubLimits;
  readonly quote: Quote;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Told once, if it ends before it is closed, in words that complete "The server ...". */
  readonly onBroken: (reason: string) => void;
}

/**
 * The transport between the SDK and a process. In place of the SDK's own, it tells messages apart in more than one
 * way, mends them (`mend-message.ts`), passes over what is no message, and bounds everything that a server can send.
 */
export function createStdioTransport(params: StdioTransportParams): Transport {
  const { server, process, framing, limits, quote, timers, logger } = params;
  const exchange = createExchange();
  const decoder = framing.createDecoder(limits);
  let noiseBytes = 0;
  let noises = 0;
  let isOver = false;
  /** The SDK looks at notifications a moment later than at answers: without a moment between, progress comes too late. */
  let delivered: Promise<void> = Promise.resolve();

  const transport: Transport = {
    async start() {
      process.stdout.on('data', (chunk: Buffer) => {
        // A chunk for each turn of the event loop: a server that never stops writing leaves turns to everything else.
        process.stdout.pause();
        setImmediate(() => process.stdout.resume());
        for (const frame of decoder.push(chunk)) if (!isOver) onFrame(frame);
      });
      const outputEnded = new Promise<void>((resolve) => {
        // A process may have come to its end before anybody spoke to it.
        if (process.stdout.closed) resolve();
        else process.stdout.once('close', resolve);
      });
      void process.exited.then(async (how) => {
        await settledWithin(outputEnded, LAST_OUTPUT_MS, timers);
        over(how);
      });
    },
    send(message) {
      // A server that does not read lets what is written to it pile up here.
      if (process.stdin.writableLength > limits.skippedBytesMax)
        distrust('was ended, because it does not read what it is sent');
      if (isOver) return Promise.reject(unavailable(server, 'has ended'));
      exchange.sent(message);
      write(framing.encode(JSON.stringify(message)));
      return Promise.resolve();
    },
    async close() {
      over();
      await process.end();
    },
  };

  /** What is sent in one turn of the event loop is one write. */
  function write(text: string): void {
    if (process.stdin.writableCorked === 0) {
      process.stdin.cork();
      setImmediate(() => process.stdin.uncork());
    }
    process.stdin.write(text);
  }

  function onFrame(frame: Frame): void {
    if (frame.kind === 'message') onText(frame.text);
    else if (frame.kind === 'noise') onNoise(frame.text, frame.bytes);
    else if (frame.kind === 'oversized') onOversized(frame);
    else distrust(`was ended, because ${frame.problem}`);
  }

  function onText(text: string): void {
    const messages = exchange.received(text);
    if (messages.length === 0) onNoise(text, text.length);
    else noiseBytes = 0;
    for (const message of messages) deliver(message);
  }

  function deliver(message: JSONRPCMessage): void {
    afterDelivery(() => transport.onmessage?.(message));
  }

  function onNoise(text: string, bytes: number): void {
    noises += 1;
    noiseBytes += bytes;
    if (noises <= LOGGED_NOISE_MAX)
      logger.debug('A downstream server wrote something to stdout that is no message.', {
        server,
        text: quote(text),
        times: noises,
      });
    if (noiseBytes > limits.noiseBytesMax)
      distrust(`was ended, because it wrote ${noiseBytes} bytes to stdout that are no message`);
  }

  /** Whoever waits for it is told; if it cannot be found out who that is, nobody can wait any longer. */
  function onOversized({ head, tail, bytes }: Extract<Frame, { kind: 'oversized' }>): void {
    const id = answeredId(head, tail);
    if (id !== undefined && exchange.settle(id)) {
      const fault = answerTooLarge(server, { bytes, bytesMax: limits.messageBytesMax });
      deliver(failureAnswer(id, fault));
    } else distrust(`was ended, because it sent a message of ${bytes} bytes`);
  }

  /** What comes next could belong to anything. */
  function distrust(reason: string): void {
    over(reason);
    void process.end();
  }

  function over(reason?: string): void {
    if (isOver) return;
    isOver = true;
    if (reason !== undefined) params.onBroken(reason);
    afterDelivery(() => transport.onclose?.());
  }

  function afterDelivery(tell: () => void): void {
    delivered = delivered.then(tell).catch((error: unknown) => {
      logger.error('Whoever listens to a downstream server failed.', { server, error });
    });
  }

  return transport;
}
