import { parentPort, workerData } from 'node:worker_threads';
import type { HostMessage, ThreadData, ThreadMessage } from '../messages.ts';
import { handedOver } from '../wire-calls.ts';
import { loadEngineModules } from './engine-modules.ts';
import { type Guest, startGuest } from './guest.ts';
import { createMachineSupply } from './machine-supply.ts';

// The entry point of the threads that scripts run in, one script at a time.

const port = parentPort;
if (port === null) throw new Error('This file is run as a thread, not as a program.');

// With nothing to wait for, the event loop would end while the engine is compiled, and Node would then stand still until all
// other threads of the process are done compiling.
port.ref();

const { memoryBytes } = workerData as ThreadData;
const machines = createMachineSupply({ modules: await loadEngineModules(), memoryBytes });
machines.prepare();
let guest: Promise<Guest> | undefined;

const post = (message: ThreadMessage) => {
  port.postMessage(message, message.kind === 'calls' ? handedOver(message.calls) : []);
  // The host has its answer, and this thread nothing to do until the next script comes.
  if (message.kind === 'ended' && message.reusable) setImmediate(machines.prepare);
};

port.on('message', (message: HostMessage) => {
  switch (message.kind) {
    case 'run':
      guest = startGuest({ machines, order: message.order, post });
      break;
    case 'replies':
      void guest?.then(({ deliver }) => deliver(message.replies));
      break;
    case 'recorded':
      void guest?.then(({ deliverRecorded }) => deliverRecorded(message.replies));
      break;
    case 'stop':
      void guest?.then(({ stop }) => stop());
      break;
  }
});
post({ kind: 'ready' });
