import { Intrinsics, QuickJS, type QuickJSOptions } from 'quickjs-wasi';
import type { EngineModules } from '../messages.ts';

/** Of the engine's own stack: a script that goes deeper gets a RangeError. The thread's stack is larger by far. */
const STACK_BYTES = 256 * 1024;

/** When garbage is collected differs from run to run, and weak references would let a script see it. */
const INTRINSICS = (Intrinsics.ALL & ~Intrinsics.WEAK_REF) >>> 0;

const SUCCESS = 0;
const BAD_FILE = 8;

export interface VirtualMachineParams {
  readonly modules: EngineModules;
  readonly memoryBytes: number;
  /** What the clocks of the machine say: milliseconds since 1970. */
  readonly now: () => number;
  /** Asked again and again while the machine computes. What it throws ends the machine, and no script can catch it. */
  readonly checkLimits: () => void;
  readonly onRejection: NonNullable<QuickJSOptions['onUnhandledRejection']>;
}

export interface VirtualMachine {
  readonly engine: QuickJS;
  /** What it occupies; it never shrinks. */
  occupiedBytes(): number;
}

/** A machine that knows the language and nothing else: whatever it asks of a system is answered here. */
export async function createVirtualMachine(params: VirtualMachineParams): Promise<VirtualMachine> {
  let occupiedBytes = () => 0;
  const engine = await QuickJS.create({
    wasm: params.modules.engine,
    extensions: [...params.modules.extensions],
    intrinsics: INTRINSICS,
    memoryLimit: params.memoryBytes,
    maxStackSize: STACK_BYTES,
    timezoneOffset: 0,
    // An exception from here leaves the machine's code at once, past every `catch` and `finally` of the script.
    interruptHandler: () => {
      params.checkLimits();
      return false;
    },
    onUnhandledRejection: params.onRejection,
    wasi: (memory: WebAssembly.Memory) => {
      occupiedBytes = () => memory.buffer.byteLength;
      return {
        clock_time_get(_clock: number, _precision: bigint, resultPointer: number) {
          const nanoseconds = BigInt(Math.floor(params.now())) * 1_000_000n;
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
  return { engine, occupiedBytes: () => occupiedBytes() };
}
