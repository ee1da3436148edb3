/** What downstream servers may take up. Times are milliseconds, sizes bytes. */
export interface HubLimits {
  /** From the start of a server's process to the end of the handshake. */
  readonly connectMs: number;
  /** For one call, where the server's spec says nothing: without an answer, and without a sign of progress. */
  readonly callMs: number;
  /** How many times its time-out a call may take that keeps telling its progress. */
  readonly callStretchMax: number;
  /** For ending a server's processes, the rude part included. */
  readonly endMs: number;
  /** After a call timed out: for an answer to the question whether the server still listens. */
  readonly pingMs: number;
  /** Servers that start at one time. */
  readonly startsMax: number;
  /** After which a server that is still starting lets the next one start too. */
  readonly startTurnMs: number;
  /** How long a server is left alone after its first failure in a row; doubles with each further one. */
  readonly pauseMs: number;
  readonly pauseMsMax: number;
  /** After news of a change until the tools are read again, so that many changes are read at once. */
  readonly catalogueDelayMs: number;
  /** One message of a server; a longer one is skipped, and what it answers fails. */
  readonly messageBytesMax: number;
  /** One message that is skipped; a server that goes on after that is ended. */
  readonly skippedBytesMax: number;
  /** What a server may write to its stdout between two messages and that is none; a server that goes on is ended. */
  readonly noiseBytesMax: number;
  /** Objects and arrays inside each other, in a result or a schema. */
  readonly depthMax: number;
  /** Of one server; the rest is left out. */
  readonly toolsMax: number;
  /** Of a tool as JSON; the schemas of a larger one are left out. */
  readonly toolBytesMax: number;
  /** Of all tools of one server as JSON; the rest is left out. */
  readonly catalogueBytesMax: number;
  readonly toolPagesMax: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const DEFAULT_HUB_LIMITS: HubLimits = {
  connectMs: 30_000,
  callMs: 60_000,
  callStretchMax: 10,
  endMs: 2_000,
  pingMs: 5_000,
  startsMax: 4,
  startTurnMs: 5_000,
  pauseMs: 250,
  pauseMsMax: 30_000,
  catalogueDelayMs: 100,
  messageBytesMax: 16 * MIB,
  skippedBytesMax: 64 * MIB,
  noiseBytesMax: MIB,
  depthMax: 64,
  toolsMax: 1_000,
  toolBytesMax: 256 * KIB,
  catalogueBytesMax: 4 * MIB,
  toolPagesMax: 100,
};
