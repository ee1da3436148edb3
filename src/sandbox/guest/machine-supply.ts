import type { EngineModules } from './engine-modules.ts';
import { createScriptMachine, type ScriptMachine } from './script-machine.ts';
import { createVirtualMachine } from './virtual-machine.ts';

/** Fresh machines, each for one script. The next one is made while nobody waits for it. */
export interface MachineSupply {
  /** Rejects with what its making threw. */
  take(memoryBytes: number): Promise<ScriptMachine>;
  /** Makes the next one, with as much memory as most scripts have, unless it is there. */
  prepare(): void;
}

export interface MachineSupplyParams {
  readonly modules: EngineModules;
  /** As much as most scripts have. */
  readonly memoryBytes: number;
}

export function createMachineSupply({ modules, memoryBytes }: MachineSupplyParams): MachineSupply {
  let prepared: Promise<ScriptMachine> | undefined;
  const make = async (bytes: number) =>
    createScriptMachine(await createVirtualMachine({ modules, memoryBytes: bytes }));
  return {
    async take(bytes) {
      if (bytes !== memoryBytes || prepared === undefined) return make(bytes);
      const machine = prepared;
      prepared = undefined;
      return machine;
    },
    prepare() {
      prepared ??= make(memoryBytes);
      // Whoever takes it hears of it; nobody may.
      prepared.catch(() => {});
    },
  };
}
