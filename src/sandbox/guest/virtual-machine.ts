import { Intrinsics, type JSValueHandle, QuickJS } from 'quickjs-wasi';
import type { EngineModules } from './engine-modules.ts';

/** Of the engine's own stack: a script that goes deeper gets a RangeError. The thread's stack is larger by far. */
const STACK_BYTES = 256 * 1024;

/** When garbage is collected differs from run to run, and weak references would let a script see it. */
const INTRINSICS = (Intrinsics.ALL & ~Intrinsics.WEAK_REF) >>> 0;

/** Of the clocks that the engine asks for, the one behind `performance.now()`. */
const MONOTONIC = 1;

const SUCCESS = 0;
const BAD_FILE = 8;

export interface VirtualMachineParams {
  readonly modules: EngineModules;
  readonly memoryBytes: number;
}

/** What a machine asks while it runs a script. */
export interface MachineHost {
  /** What the clocks say: milliseconds since 1970. */
  now(): number;
  /** Asked again and again while the machine computes. What it throws ends the machine, and no script can catch it. */
  checkLimits(): void;
  onRejection(promise: JSValueHandle, reason: JSValueHandle, isHandled: boolean): void;
}

export interface VirtualMachine {
  readonly engine: QuickJS;
  /** What it occupies; it never shrinks. */
  occupiedBytes(): number;
  /** From now on it asks this one. Until then it is as if no time passed, so that it makes no difference when it was made. */
  connect(host: MachineHost): void;
}

/** A machine that knows the language and nothing else: whatever it asks of a system is answered here. */
export async function createVirtualMachine(params: VirtualMachineParams): Promise<VirtualMachine> {
  let occupiedBytes = () => 0;
  let host: MachineHost | undefined;
  let startedMs = 0;
  const read = (clock: number) => (host?.now() ?? 0) - (clock === MONOTONIC ? startedMs : 0);
  const engine = await QuickJS.create({
    wasm: params.modules.engine,
    extensions: [...params.modules.extensions],
    intrinsics: INTRINSICS,
    memoryLimit: params.memoryBytes,
    maxStackSize: STACK_BYTES,
    timezoneOffset: 0,
    // An exception from here leaves the machine's code at once, past every `catch` and `finally` of the script.
    interruptHandler: () => {
      host?.checkLimits();
      return false;
    },
    onUnhandledRejection: (promise: JSValueHandle, reason: JSValueHandle, isHandled: boolean) =>
      host?.onRejection(promise, reason, isHandled),
    wasi: (memory: WebAssembly.Memory) => {
      occupiedBytes = () => memory.buffer.byteLength;
      return {
        clock_time_get(clock: number, _precision: bigint, resultPointer: number) {
          const nanoseconds = BigInt(Math.floor(read(clock))) * 1_000_000n;
          new DataView(memory.buffer).setBigUint64(resultPointer, nanoseconds, true);
          return SUCCESS;
        },
        random_get(pointer: number, bytes: number) {
          new Uint8Array(memory.buffer, pointer, bytes).fill(0);
          return SUCCESS;
        },
        // What the program writes there belongs to its protocol.
        fd_write: () => BAD_FILE,
      };
    },
  });
  return {
    engine,
    occupiedBytes: () => occupiedBytes(),
    connect(next) {
      host = next;
      startedMs = next.now();
    },
  };
}
