/** What this program uses of the global that Node has, but whose types come only with those of a browser. */
declare namespace WebAssembly {
  /** Compiled code; threads may share it. */
  class Module {
    private readonly code: unknown;
  }
  interface Memory {
    readonly buffer: ArrayBuffer;
  }
  function compile(bytes: Uint8Array): Promise<Module>;
}
